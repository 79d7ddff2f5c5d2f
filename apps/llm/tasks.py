"""Work of models that runs on the workers."""

from uuid import UUID

from celery import shared_task


# Acknowledged at once: a test that its worker did not survive is shown as lost, and a person asks again.
@shared_task(acks_late=False)
def run_trial(business_id: str, trial_id: str, turn: str) -> None:
    from apps.llm import trials

    trials.run_trial(business_id=UUID(business_id), trial_id=UUID(trial_id), turn=UUID(turn))
