"""ACT: found a business, with its first owner."""

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from apps.accounts.models import Business, Membership, User
from apps.accounts.principals import actor_of
from apps.accounts.roles import Role
from apps.accounts.row_access import acting_for
from apps.core.errors import Invalid
from apps.core.events import record
from apps.core.ids import new_id


def found_business(*, name: str, owner: User, slug: str = "", by: User | None = None) -> Business:
    """Make a business and its owner's membership.

    name: 1 to 120 characters. slug: unique in the installation; made from the name when empty.
    Raises Invalid("name" | "slug").
    """
    name = name.strip()
    if not 1 <= len(name) <= 120:
        raise Invalid("name", "1 to 120 characters")
    slug = slug or slugify(name)[:60]
    if not slug or slug != slugify(slug)[:60]:
        raise Invalid("slug", "Lower-case letters, digits and hyphens, at most 60")
    business = Business(id=new_id(), name=name, slug=slug)
    # A new business is its own tenant: its first rows are written as that tenant.
    with acting_for(business.pk):
        try:
            with transaction.atomic():
                business.save(force_insert=True)
        except IntegrityError:
            raise Invalid("slug", "Another business has this one") from None
        Membership.objects.create(business=business, user=owner, role=Role.OWNER)
        record(
            kind="business.founded",
            subject_type="business",
            subject_id=business.pk,
            business_id=business.pk,
            actor=actor_of(by),
            name=name,
            slug=slug,
            owner=owner.email,
        )
    return business
