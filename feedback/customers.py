"""One person among the customers: all rows that are them, all they said, and what they left."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from common.traces import Traces
from feedback.likeness import ALIKE, likeness, shingles_of, words_of
from feedback.models import Customer, FeedbackItem

# A shorter name, or one of digits only, may be anybody's.
LEAST_OF_A_SURE_NAME = 6
LEAST_DIGITS = 9


def same_person(customer: Customer) -> QuerySet[Customer]:
    """Return the customers that are this person: by the same mail address, in any source."""
    addresses = {customer.email.lower(), _address(customer.external_id)} - {""}
    same = Q(pk=customer.pk)
    for address in addresses:
        same |= Q(email__iexact=address) | Q(external_id__iexact=address)
    return Customer.objects.filter(same, project=customer.project_id)


def find_customers(project_id: int, known_by: str) -> QuerySet[Customer]:
    """Return the customers of a project with that id, mail address or, last, whole name."""
    customers = Customer.objects.filter(project=project_id)
    exact = customers.filter(Q(external_id=known_by) | Q(email__iexact=known_by))
    return exact if exact.exists() else customers.filter(name__iexact=known_by)


def said_by(people: Iterable[Customer]) -> list[FeedbackItem]:
    """Return all that these customers said, and the copies of it that came under other names.

    A copy is what was merged with it and says the same words; what a person merged because it is
    about the same, in other words, is another customer's.
    """
    own = list(FeedbackItem.objects.filter(customer__in=people).order_by("said_at", "pk"))
    keys = {item.pk for item in own}
    heads = {item.merged_into_id for item in own if item.merged_into_id}
    near = FeedbackItem.objects.filter(Q(merged_into__in=keys | heads) | Q(pk__in=heads))
    prints = [shingles_of(words_of(item.text)) for item in own if item.text]
    copies = [
        item
        for item in near.exclude(pk__in=keys).order_by("said_at", "pk")
        if item.text and any(_is_copy(item, one) for one in prints)
    ]
    return own + copies


def _is_copy(item: FeedbackItem, said: frozenset[int]) -> bool:
    return likeness(shingles_of(words_of(item.text)), said) >= ALIKE


def traces_of(people: Iterable[Customer], items: Iterable[FeedbackItem]) -> Traces:
    """Return what these customers may have left in texts elsewhere."""
    people, items = list(people), list(items)
    everyone = {*people, *(item.customer for item in items if item.customer)}
    names = {
        name
        for person in everyone
        for name in (person.external_id, person.name, person.email)
        if name
    }
    names |= {item.external_id for item in items}
    sure = {name for name in names if _is_sure(name)}
    # Texts as they came and as answers quote them: what the team wrote to them is about them.
    texts = {text for item in items for text in (item.text, item.reply_text) if text}
    return Traces(frozenset(sure), frozenset(names - sure), tuple(sorted(texts)))


def _is_sure(name: str) -> bool:
    if name.replace(" ", "").isdigit():
        return len(name) >= LEAST_DIGITS
    return len(name) >= LEAST_OF_A_SURE_NAME and (
        " " in name.strip() or not name.isalpha() or len(name) >= 2 * LEAST_OF_A_SURE_NAME
    )


def _address(external_id: str) -> str:
    return external_id.lower() if "@" in external_id else ""
