"""The `confero` command. Every command imports what it needs when it runs, so `confero --help` is instant.

Typer's own panels are left out: they load half of rich and pygments, which is most of the time that help would take.
The first sentence of each command fits beside its name in 80 columns.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

if TYPE_CHECKING:
    from core.settings import Settings

_PLAIN: dict[str, Any] = {"rich_markup_mode": None, "no_args_is_help": True}  # Any: what Typer takes by keyword

app = typer.Typer(
    **_PLAIN,
    help="Confero runs events, training and certification exams, and confers certificates that anyone can verify.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
people = typer.Typer(**_PLAIN, help="People and the first owner.")
jobs = typer.Typer(**_PLAIN, help="Background jobs that were given up.")
certificates = typer.Typer(**_PLAIN, help="Many certificates at once, from a CSV file.")
app.add_typer(people, name="people")
app.add_typer(jobs, name="jobs")
app.add_typer(certificates, name="certificates")


@app.callback()
def _private() -> None:
    from core.private import be_private

    be_private()


Port = Annotated[int | None, typer.Option(help="TCP port; CONFERO_PORT, else 8000.")]


def _settings() -> "Settings":
    from core.settings import MissingSettings, load_settings, use_settings

    try:
        settings = load_settings()
    except MissingSettings as error:
        raise typer.Exit(_complain(str(error))) from None
    use_settings(settings)
    return settings


def _complain(message: str) -> int:
    from api.commands.terminal import lines

    typer.secho(lines(message), fg=typer.colors.RED, err=True)
    return 1


@app.command()
def serve(port: Port = None) -> None:
    """Run everything: web processes, worker, and a database.

    The database is an embedded PostgreSQL under CONFERO_VAR_DIR, unless CONFERO_DATABASE_URL names another.
    """
    _supervise(port, parts={"web", "worker"})


@app.command()
def web(port: Port = None) -> None:
    """Run the web processes alone. A worker must run somewhere else."""
    _supervise(port, parts={"web"})


@app.command()
def worker() -> None:
    """Run the worker alone."""
    _with_database_url()
    import_module("api.worker").main()


@contextmanager
def _explained() -> Iterator[None]:
    """Print an expected failure as one red sentence instead of a traceback."""
    from api.backup import BackupFailed
    from core.errors import AppError
    from core.postgres import PostgresFailed

    try:
        yield
    except (AppError, BackupFailed, PostgresFailed, OSError) as error:
        raise typer.Exit(_complain(str(error))) from None


@app.command()
def migrate() -> None:
    """Bring the database to the present schema. Two at once wait for each other."""
    from api.commands.data import migrate_database

    with _explained():
        migrate_database(_settings())


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="Where to write it, e.g. confero.tar")]) -> None:
    """Write database and files into one file. Everything may go on running meanwhile."""
    from api.commands.data import back_up

    with _explained():
        back_up(_settings(), file)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A file that `confero backup` wrote")],
    force: Annotated[bool, typer.Option(help="Replace what is in the database.")] = False,
) -> None:
    """Put a backup into an empty database and its file store. Stop Confero first."""
    from api.commands.data import put_back

    with _explained():
        put_back(_settings(), file, force=force)


@app.command()
def demo(
    people: Annotated[int | None, typer.Option(help="How many people; the usual small demo if not given.")] = None,
) -> None:
    """Load the demo foundation. With --people a large one."""
    from api.commands.data import load_demo

    with _explained():
        load_demo(_settings(), people)


@app.command()
def verify(
    what: Annotated[
        str,
        typer.Argument(
            metavar="FILE|NUMBER",
            help="A certificate (PDF) or a badge (PNG, SVG, JSON, JWT); or a certificate's number or address.",
        ),
    ],
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody: judge by the file alone.")] = False,
    server: Annotated[
        str | None,
        typer.Option(help="For a number: the server that issued it; CONFERO_PUBLIC_URL where neither says so."),
    ] = None,
    did: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The DID document of an issuer you trust, saved earlier."),
    ] = None,
    trust: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DID",
            envvar="CONFERO_TRUSTED_ISSUERS",
            help="An issuer you trust, or one key of it (did:web:…#z6Mk…); its name then stands. May be repeated.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer for programs.")] = False,
) -> None:
    """Verify a certificate or badge by file or number.

    Asks the issuer that it names, where that can be reached. Exit code 0 says valid, of an issuer you trust; 1 not
    valid; 3 that it is unchanged but not confirmed, that somebody unknown signed it, or that it cannot be told.
    """
    file = Path(what[:4096])
    try:
        is_file = file.is_file()
    except OSError:  # a name too long for any file
        is_file = False
    if not is_file:
        raise typer.Exit(_verify_number(what, offline=offline, server=server, as_json=as_json, trust=trust or ()))
    from api.commands.verify import verify as verify_file

    with _explained():
        code = verify_file(file, is_offline=offline, did=did, as_json=as_json, trust=trust or ())
    raise typer.Exit(code)


def _verify_number(typed: str, *, offline: bool, server: str | None, as_json: bool, trust: Sequence[str]) -> int:
    from api.commands import number

    asked = number.asked(typed, server=server, trusted=" ".join(trust).replace(",", " ").split())
    if asked is None:
        raise typer.BadParameter(f"{typed} is no file, and no number or address of a certificate.")
    if offline:
        raise typer.BadParameter("A number is known to the register of its server alone, which has to be asked.")
    return number.verify(asked, as_json=as_json)


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    typer.echo(f"confero {installed('confero')}, Python {sys.version.split()[0]}")


@people.command("create")
def people_create(
    email: Annotated[str, typer.Option(prompt="E-mail address")],
    name: Annotated[str, typer.Option(prompt="Name")],
    organization: Annotated[str, typer.Option(prompt="Organization", help="Its name; created if it does not exist.")],
    owner: Annotated[bool, typer.Option("--owner", help="Make this person an owner of the organization.")] = False,
) -> None:
    """Create a person, the first owner above all. The password is asked for and never stands in the command line."""
    from api.commands.people import create

    settings = _settings()  # what is missing is said before anything is typed
    password = typer.prompt("Password (at least 12 characters)", hide_input=True, confirmation_prompt=True)
    with _explained():
        create(settings, email=email, name=name, organization=organization, password=password, is_owner=owner)


Address = Annotated[str, typer.Argument(help="The account's e-mail address.")]


@people.command("disable")
def people_disable(email: Address) -> None:
    """Let nobody into an account any more.

    Sessions and tokens end at once; certificates and registrations stay. The owner is told by mail.
    """
    from api.commands.people import disable

    with _explained():
        disable(_settings(), email)


@people.command("enable")
def people_enable(email: Address) -> None:
    """Let the owner into a disabled account again.

    They sign in with the password they had; tokens have to be made anew.
    """
    from api.commands.people import enable

    with _explained():
        enable(_settings(), email)


@people.command("sign-out")
def people_sign_out(email: Address) -> None:
    """End all sessions and tokens of an account.

    Open links in mails and the secret calendar address end too; the password stays.
    """
    from api.commands.people import sign_out

    with _explained():
        sign_out(_settings(), email)


@jobs.command("list")
def jobs_list() -> None:
    """Show the jobs that used up their retries, with the reason."""
    from api.commands.jobs import show_held

    with _explained():
        show_held(_settings())


@jobs.command("retry")
def jobs_retry(
    job_id: Annotated[int | None, typer.Argument(help="A job's number; all held jobs if not given.")] = None,
) -> None:
    """Queue held jobs again."""
    from api.commands.jobs import retry

    with _explained():
        retry(_settings(), job_id)


CsvFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV file; its first line names columns")]
OfCertification = Annotated[str, typer.Option("--certification", help="The certification, as in its address.")]
Officer = Annotated[str, typer.Option("--by", prompt="E-mail address of the officer", help="In whose name.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done with each line, and change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before starting.")]


@certificates.command("issue")
def certificates_issue(
    file: CsvFile,
    certification: OfCertification,
    by: Officer,
    invite: Annotated[bool, typer.Option("--invite", help="Invite people who have no account, by mail.")] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Issue to the people of a file. Columns: email, and where there are name, achieved_on, score."""
    _carry_out("issue", file, certification, by, invites=invite, is_dry=dry_run, is_confirmed=yes)


@certificates.command("resend")
def certificates_resend(
    file: CsvFile, certification: OfCertification, by: Officer, dry_run: DryRun = False, yes: Yes = False
) -> None:
    """Mail holders again where their certificates are. Column: number."""
    _carry_out("resend", file, certification, by, is_dry=dry_run, is_confirmed=yes)


@certificates.command("revoke")
def certificates_revoke(
    file: CsvFile,
    certification: OfCertification,
    by: Officer,
    reason: Annotated[str | None, typer.Option(help="Why; a column of the file goes before it.")] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Revoke for good; the holders are told. Columns: number and, where there is, reason."""
    _carry_out("revoke", file, certification, by, reason=reason, is_dry=dry_run, is_confirmed=yes)


@certificates.command("resume")
def certificates_resume(
    run: Annotated[UUID, typer.Argument(help="The run's id, as the command that began it printed it.")],
    by: Annotated[str | None, typer.Option("--by", help="In whose name; of who made the run if not given.")] = None,
) -> None:
    """Carry a dry run out, go on with a run, or watch it."""
    from api.commands.certificates import resume

    with _explained():
        code = resume(_settings(), run, by)
    raise typer.Exit(code)


def _carry_out(kind: str, file: Path, certification: str, by: str, **options: Any) -> None:  # Any: of many types
    from api.commands.certificates import Wanted, carry_out
    from certification.bulk.models import RunKind

    with _explained():
        code = carry_out(_settings(), Wanted(RunKind(kind), file, certification, by, **options))
    raise typer.Exit(code)


def _supervise(port: int | None, *, parts: set[str]) -> None:
    import asyncio
    import os

    from api.child import follow_parent
    from api.supervisor import CannotServe, Part, Supervisor
    from core import logs
    from core.postgres import PostgresFailed

    settings = _settings()
    if port is not None:
        settings.port = port
    if "public_url" not in settings.model_fields_set:
        settings.public_url = f"http://localhost:{settings.port}"
    logs.configure()

    if os.environ.pop("CONFERO_FOLLOW_PARENT", ""):  # Set by make: a make that is killed must not leave a server.
        follow_parent(os.getppid(), grace_seconds=90)

    async def run() -> None:
        chosen = frozenset(Part(part) for part in parts)
        await Supervisor(settings, parts=chosen, announce=lambda: _announce(settings)).run()

    try:
        asyncio.run(run())
    except (CannotServe, PostgresFailed) as error:
        raise typer.Exit(_complain(str(error))) from None


def _announce(settings: "Settings") -> None:
    from importlib.util import find_spec

    from core.settings import Environment

    typer.secho(f"\nConfero is ready: {settings.public_url}   (Ctrl-C ends it)", bold=True)
    if settings.environment is Environment.development and find_spec("api.demo"):
        from api.demo.people import SIGN_INS

        width = max(len(role) for role, _, _ in SIGN_INS)
        for role, email, password in SIGN_INS:
            typer.echo(f"  {role:<{width}}  {email}  {password}")
    sys.stdout.flush()


def _with_database_url() -> None:
    if _settings().database_url is None:
        raise typer.Exit(_complain("Set CONFERO_DATABASE_URL: only `confero serve` starts a database of its own."))


if __name__ == "__main__":
    app()
