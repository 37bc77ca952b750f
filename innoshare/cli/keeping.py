"""Commands for those who keep a library: stale, stats."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click
from rich.markup import escape
from rich.table import Table

from innoshare.cli.common import err, folder_with_content, library_now, out, print_json
from innoshare.config import Settings
from innoshare.errors import BadInput

if TYPE_CHECKING:
    from innoshare.forge import Forge
    from innoshare.keeping import Inquiry

MAX_DAYS = 36_500  # A century: nothing here is older than the library itself.


@click.command()
@click.option("--days", type=click.IntRange(0, MAX_DAYS), metavar="N",
              help="Cases that nobody has looked at for more than N days; two years if left out.")
@click.option("--before", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY",
              help="Instead: those that nobody has looked at since before DAY, as 2024-05-31.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.pass_obj
def stale(settings: Settings, days: int | None, before: datetime | None, as_json: bool) -> None:
    """Which cases should be looked at again, and what to ask the offices that answer for them.

    Prints the cases by city, those unseen for longest first, with a text for each office, ready to be sent. Nothing is
    sent.
    """
    from innoshare import keeping
    from innoshare.case import STALE_AFTER
    from innoshare.report import counted

    if days is not None and before is not None:
        raise BadInput([("--days, --before", "give one of them")])
    limit = before.date() if before else datetime.now(UTC).date() - (
        STALE_AFTER if days is None else timedelta(days=days))
    library = library_now(settings)
    forge = settings.code_host
    found = [(inquiry, keeping.still_true(inquiry, settings.name, settings.base_url, forge))
             for inquiry in keeping.inquiries(library.checked_before(limit), library.cities)]
    if found and not settings.base_url:
        err.print("[yellow]The texts have no whole addresses:[/] set INNOSHARE_BASE_URL to the public address of the "
                  "library.")
    if as_json:
        print_json([_body(inquiry, text, settings.base_url, forge) for inquiry, text in found])
        return
    cases = sum(len(inquiry.cases) for inquiry, _ in found)
    out.print(f"{counted(cases, 'case')} that nobody has checked since {limit.isoformat()}." if cases
              else f"Every case was checked on {limit.isoformat()} or later.")
    city = ""
    for inquiry, text in found:
        if inquiry.city.slug != city:
            city = inquiry.city.slug
            out.print(f"\n[bold]{escape(inquiry.city.name)}[/]")
            for case in (case for other, _ in found if other.city.slug == city for case in other.cases):
                out.print(f"  {case.checked}  {escape(case.slug)}: {escape(case.title)}")
        contact = inquiry.contact
        out.print(f"\n[bold]To {escape(contact.role)}, {escape(contact.organisation)}[/], {escape(contact.url)}\n")
        out.print(escape("\n".join(f"    {line}".rstrip() for line in text.splitlines())))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON.")
@click.pass_obj
def stats(settings: Settings, as_json: bool) -> None:
    """What the library holds, in numbers: themes, places, outcomes, evidence, and where there are gaps."""
    from innoshare import content
    from innoshare.holdings import holdings

    groups = holdings(content.read(folder_with_content(settings)))
    if as_json:
        print_json({group.title: dict(group.counts) for group in groups})
        return
    for group in groups:
        table = Table(title=group.title, title_justify="left", title_style="bold", show_header=False, box=None)
        table.add_column()
        table.add_column(justify="right")
        for label, count in group.counts.items():
            table.add_row(escape(label), f"{count:,}", style="" if count else "yellow")
        out.print(table, "")


def _body(inquiry: "Inquiry", text: str, base_url: str, forge: "Forge | None") -> dict[str, object]:
    from innoshare import keeping

    return {"city": inquiry.city.name, "city_slug": inquiry.city.slug, "contact": inquiry.contact.model_dump(),
            "cases": [{"slug": case.slug, "title": case.title, "checked": case.checked,
                       "url": keeping.address(case, base_url),
                       "edit": forge.edit(f"cases/{case.slug}.md") if forge else None} for case in inquiry.cases],
            "text": text}
