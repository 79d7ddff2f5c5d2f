from tests.accounts.test_browser_rules import *  # noqa
from tests.accounts.test_browser_rules import sign_in
from apps.core.events import record
from apps.accounts.row_access import acting_for
import pytest
for n in [k for k in list(globals()) if k.startswith("test_")]: del globals()[n]
def test_shots(live_server, page, root, shop):
    for u,r in (("alice","reviewer"),("bob","admin"),("victor","viewer")): person(u, shop, r)
    with acting_for(shop.pk):
        for i in range(12):
            record(kind="goal.submitted" if i%2 else "approval.approved", subject_type="goal", subject_id=str(shop.pk), business_id=shop.pk, actor="key:ab12cd34" if i%3 else "user:alice@example.com", title=f"Restock shelf {i}", confidence=.71)
    page.set_viewport_size({"width":1280,"height":800})
    page.goto(live_server.url + "/admin/login/"); page.screenshot(path="/tmp/gh_acc/login.png")
    page.goto(live_server.url + "/admin/password/forgotten/"); page.screenshot(path="/tmp/gh_acc/forgotten.png")
    sign_in(page, live_server, root)
    for name in ("accounts_membership_changelist","accounts_membership_add","accounts_apikey_changelist","accounts_apikey_add","core_event_changelist","accounts_business_changelist"):
        page.goto(live_server.url + reverse(f"admin:{name}")); page.wait_for_load_state("networkidle"); page.screenshot(path=f"/tmp/gh_acc/{name}.png")
    page.click("text=unfold_more"); page.wait_for_timeout(300); page.screenshot(path="/tmp/gh_acc/switcher.png")
    from apps.accounts.models import ApiKey
    k=ApiKey.objects.first()
    page.goto(live_server.url + reverse("admin:accounts_apikey_change",args=[k.pk])); page.screenshot(path="/tmp/gh_acc/key.png")
    page.goto(live_server.url + reverse("admin:accounts_apikey_revoke",args=[k.pk])); page.screenshot(path="/tmp/gh_acc/revoke.png")
    page.goto(live_server.url + reverse("admin:accounts_apikey_add")); page.fill("#id_name", "warehouse"); page.check("input[value='goals:read']"); page.click("button[name=_save], input[name=_save]"); page.screenshot(path="/tmp/gh_acc/issued.png")
    from apps.core.models import Event
    e=Event.objects.filter(business_id=shop.pk).first()
    page.goto(live_server.url + reverse("admin:core_event_change",args=[e.pk])); page.screenshot(path="/tmp/gh_acc/event.png")
    page.set_viewport_size({"width":390,"height":800})
    page.goto(live_server.url + reverse("admin:accounts_membership_changelist")); page.wait_for_load_state("networkidle"); page.screenshot(path="/tmp/gh_acc/people390.png")
    page.goto(live_server.url + reverse("admin:core_event_changelist")); page.wait_for_load_state("networkidle"); page.screenshot(path="/tmp/gh_acc/audit390.png")
