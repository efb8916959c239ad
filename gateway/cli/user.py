"""`o2c user`: who may call the SOAP services. Passwords are asked for, or read; they are never on a command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.adapters.vault import new_key
from gateway.admin.users import UserDesk, of_certificate, of_subject
from gateway.cli.context import session
from gateway.cli.output import Failed, Json, done, rows
from gateway.messaging.callers import CertificateKind, UserCertificate, UserRecord
from soapkit.wss import trust

app = typer.Typer(no_args_is_help=True, help="Users of the SOAP services, and how they prove who they are.")

Name = Annotated[str, typer.Argument(help="The user's name.")]
Roles = Annotated[list[str] | None, typer.Option("--role", help="A role; may be given several times.")]
Certificates = Annotated[
    list[Path] | None, typer.Option("--certificate", help="A certificate (PEM or DER) that stands for the user.")
]
Subjects = Annotated[
    list[str] | None,
    typer.Option("--subject", help="The subject (CN=osm,O=Example) of certificates that security.ca_file issues."),
]
PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", help="Read the password from the first line of a file, or of standard input (-)."),
]
Digest = Annotated[
    bool, typer.Option("--digest", help="The user proves the password by PasswordDigest: keep it, encrypted.")
]
NoPassword = Annotated[bool, typer.Option("--no-password", help="The user proves themselves by certificate only.")]


@app.command()
def add(
    context: typer.Context,
    name: Name,
    role: Roles = None,
    certificate: Certificates = None,
    subject: Subjects = None,
    password_file: PasswordFile = None,
    digest: Digest = False,
    no_password: NoPassword = False,
) -> None:
    """Add a user. The password is asked for, or read from --password-file."""
    certificates = _certificates(certificate, subject)
    if no_password and (digest or password_file is not None):
        raise Failed("--no-password goes with neither --digest nor --password-file.")
    password = None if no_password else _password(password_file)
    _desk(context).add(name, password=password, digest=digest, roles=role or (), certificates=certificates)
    done(f"Added {name}.", then="o2c user list")


@app.command("list")
def list_users(context: typer.Context, as_json: Json = False) -> None:
    """List users, their roles and what they prove themselves by; nothing secret is shown."""
    found = [_shown(each) for each in _desk(context).users()]
    rows(("name", "roles", "proofs", "certificates"), found, as_json=as_json, empty="No users; add one: o2c user add")


@app.command()
def remove(context: typer.Context, name: Name) -> None:
    """Remove a user."""
    _desk(context).remove(name)
    done(f"Removed {name}.")


@app.command()
def roles(
    context: typer.Context,
    name: Name,
    role: Annotated[list[str] | None, typer.Argument(help="All the roles there are to be; none: no roles.")] = None,
) -> None:
    """Replace a user's roles."""
    _desk(context).set_roles(name, role or ())
    done(f"{name} has {'the roles ' + ', '.join(role) if role else 'no roles'}.")


@app.command()
def password(context: typer.Context, name: Name, password_file: PasswordFile = None, digest: Digest = False) -> None:
    """Give a user another password; the old one ends within a second."""
    _desk(context).set_password(name, _password(password_file), digest=digest)
    done(f"{name} has another password.")


@app.command()
def certificate(context: typer.Context, name: Name, certificate: Certificates = None, subject: Subjects = None) -> None:
    """Let more certificates stand for a user."""
    given = _certificates(certificate, subject)
    if not given:
        raise Failed("Name a --certificate or a --subject.")
    _desk(context).add_certificates(name, given)
    done(f"{len(given)} more stand for {name}.", then="o2c user list")


@app.command()
def unlock(context: typer.Context, name: Name) -> None:
    """Forget the failed attempts about a user, who is refused no longer for those."""
    _desk(context).unlock(name)
    done(f"Failed attempts about {name} are forgotten.")


@app.command()
def key() -> None:
    """Make a key for security.secret_key, which encrypts the passwords of users who prove them by digest."""
    sys.stdout.write(f"{new_key()}\n")


def _desk(context: typer.Context) -> UserDesk:
    return session(context).gateway.users


def _certificates(files: list[Path] | None, subjects: list[str] | None) -> list[UserCertificate]:
    try:
        given = [of_certificate(trust.from_file(file)[0]) for file in files or ()]
    except ValueError as error:
        raise Failed(f"{error}.") from error
    return given + [of_subject(subject) for subject in subjects or ()]


def _password(file: Path | None) -> str:
    if file is None and sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    try:
        text = sys.stdin.readline() if file is None or str(file) == "-" else _first_line(file)
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"{file}: the password cannot be read") from error
    if not text.strip("\r\n"):
        raise Failed("No password was given: type it when asked, or use --password-file.")
    return text.strip("\r\n")


def _first_line(file: Path) -> str:
    with file.open(encoding="utf-8") as opened:
        return opened.readline()


def _shown(user: UserRecord) -> dict[str, Any]:
    proofs = {
        "password": user.password_hash is not None,
        "digest": user.secret is not None,
        "certificate": bool(user.certificates),
    }
    return {
        "name": user.name,
        "roles": ", ".join(sorted(user.roles)),
        "proofs": ", ".join(proof for proof, there in proofs.items() if there),
        "certificates": ", ".join(map(_certificate, user.certificates)),
    }


def _certificate(known: UserCertificate) -> str:
    if known.kind is CertificateKind.SUBJECT or known.expires_at is None:
        return known.value
    return f"{known.value[:16]}… until {known.expires_at:%Y-%m-%d}"
