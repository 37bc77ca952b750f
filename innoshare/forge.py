"""Addresses on the code host where a library's content lies: where one looks at a file, changes it, or adds one.

A forge is a site that keeps git repositories and lets people propose changes in the browser. Three kinds are known:
GitHub, GitLab, and Forgejo with its elder sister Gitea. Nothing here asks the network or git; an address is made of
what the settings say. Paths are those of files below the content folder (`cases/x.md`).

Where each kind of page is shown to have the address written here:

* GitHub: docs.github.com "Getting permanent links to files", "Using query parameters to create a pull request" (which
  names the error, "414 URI Too Long"). The new-file page with `filename` and `value` is in no documentation of
  GitHub's, but in github.com/blog/1327-creating-files-on-github, isaacs/github#1527 and go-gitea/gitea#16398.
* GitLab: gitlabhq/gitlabhq `config/routes/repository.rb`, `app/views/projects/blob/_editor.html.haml`.
* Forgejo, Gitea: docs.gitea.com "Integrations"; go-gitea/gitea `routers/web/web.go`, `routers/web/repo/editor.go`, and
  forgejo's files of the same names.

Decision: whoever may not write in the library, as hardly any contributor may, is led to a copy (fork) of one's own
first, except on GitHub, which makes it by itself. On the pages that add and change a file, Forgejo and older Gitea
answer "not found" to such people (forgejo's `services/context/permission.go`, CanEnableEditor; go-gitea/gitea#9017;
newer Gitea offers the copy there, #34240), GitLab refuses those who have no copy yet (gitlabhq's
`app/controllers/concerns/checks_collaboration.rb`). With a copy, GitLab takes the change on the library's own pages;
Forgejo takes it only in the copy, so there the name of the account must be known.

Decision: a new file is named with its whole path in the query, at the branch. GitHub is known to leave out the last
folder of the address where there is a `filename` too (isaacs/github#1527, pipe-cd/pipecd#637); GitLab and Forgejo
take both forms.

Decision: GitLab gets no text in an address. Its new-file page shows the `file_name` of the address, but since 16.11 not
the `content` (gitlab.com/gitlab-org/gitlab issues 532221 and 594214), and an empty page where a text was promised loses
a contributor. `new_file` answers None there, as for a text that is too long: offer the text to copy, or as a file.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal, get_args
from urllib.parse import quote, quote_plus, urlsplit

from innoshare.errors import SettingsError

Kind = Literal["github", "gitlab", "forgejo"]

# The longest address of a page with a text in it, counted as the sign-in page carries it: encoded once more. GitHub
# refuses more than 8,191 bytes (github/docs#5136), and so does nginx as it comes, which often stands before the others;
# what is left is for the sign-in page's own words. Some 5,300 characters of a case in English fit, 900 in Greek.
MAX_ADDRESS = 8_000

# What is told of a site by its host: a word in it, the kind, and the name on buttons. The first that fits.
_HOSTS: tuple[tuple[str, Kind, str], ...] = (
    (r"(www\.)?github\.com", "github", "GitHub"), (r".*gitlab.*", "gitlab", "GitLab"),
    (r"codeberg\.org", "forgejo", "Codeberg"), (r".*forgejo.*", "forgejo", "Forgejo"),
    (r".*gitea.*", "forgejo", "Gitea"))
_NAMES: dict[Kind, str] = {"github": "GitHub", "gitlab": "GitLab", "forgejo": "Forgejo"}

_REPOSITORY = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(/(?!(\.|%2e){1,2}(/|$))(?!-/)[\w.~%+-]+){2,}",
                         re.ASCII | re.IGNORECASE)
# A name that git takes for a branch, or near enough: no sign that means something else to it or in an address.
_BRANCH = re.compile(r"(?!-)(?!.*(\.\.|@\{|//))[^\s~^:?*\[\\\x00-\x20\x7f]{1,200}")

# GitLab has no page of its own for uploads: on that of a folder they are behind its plus sign.
_PAGES: dict[Kind, dict[str, str]] = {
    "github": {"new": "new/{branch}", "upload": "upload/{branch}/{path}", "edit": "edit/{branch}/{path}",
               "view": "blob/{branch}/{path}", "at": "blob/{commit}/{path}", "history": "commits/{branch}/{path}",
               "compare": "compare/{commit}...{branch}", "copy": "fork"},
    "gitlab": {"new": "-/new/{branch}", "upload": "-/tree/{branch}/{path}", "edit": "-/edit/{branch}/{path}",
               "view": "-/blob/{branch}/{path}", "at": "-/blob/{commit}/{path}", "history": "-/commits/{branch}/{path}",
               "compare": "-/compare/{commit}...{branch}", "copy": "-/forks/new"},
    "forgejo": {"new": "_new/{branch}", "upload": "_upload/{branch}/{path}", "edit": "_edit/{branch}/{path}",
                "view": "src/branch/{branch}/{path}", "at": "src/commit/{commit}/{path}",
                "history": "commits/branch/{branch}/{path}", "compare": "compare/{commit}...{branch}", "copy": "fork",
               "propose": "compare/{branch}...{account}:{branch}"},
}

# The name of an account, as all three kinds allow it or more narrowly.
_ACCOUNT = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?")

# What needs no escape in a query (RFC 3986), is common in text, and is taken as it stands by browsers. The semicolon is
# not among it: some servers divide a query by it.
_QUERY_MARKS = "/:,!()"


@dataclass(frozen=True)
class Forge:
    """The repository of a library on its code host.

    `repository` is its address without a slash at the end, `branch` the published one, `folder` where the content lies
    in it ("" at the top). Raises SettingsError where one of them is none, or would lead out of the repository.
    """

    kind: Kind
    repository: str
    branch: str = "main"
    folder: str = "content"

    @staticmethod
    def of(repository: str, kind: Kind | Literal[""] = "", branch: str = "main",
           folder: str = "content") -> "Forge | None":
        """The forge of an address as people copy it; None where there is no address. Raises SettingsError as Forge
        does, and where neither `kind` nor the host says what kind of site it is."""
        if not repository.strip():
            return None
        repository = address(repository)
        known = kind or _guessed(repository)
        if known is None:
            raise SettingsError(f"Nothing tells what kind of site {_host(repository)} is. Write one of "
                                f"{', '.join(get_args(Kind))} (for Gitea, forgejo).")
        return Forge(known, repository, branch, folder.strip("/"))

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise SettingsError(f"{self.kind!r} is no kind of code host that is known here. Write one of "
                                f"{', '.join(get_args(Kind))}.")
        if self.repository != address(self.repository, self.kind):
            raise SettingsError(f"{self.repository!r} ends like a copy of an address. Take `Forge.of` for such.")
        branch_name(self.branch)
        folder_name(self.folder)

    @property
    def name(self) -> str:
        """What people call the site, for buttons."""
        host = _host(self.repository)
        return next((name for pattern, kind, name in _HOSTS if kind == self.kind and re.fullmatch(pattern, host)),
                    _NAMES[self.kind])

    @property
    def owner(self) -> str:
        """The account or group that the repository belongs to."""
        return self.repository.split("/")[-2]

    @property
    def copy_first(self) -> bool:
        """Whether somebody from outside makes a copy of her own before she adds or changes a file; GitHub makes it by
        itself."""
        return self.kind != "github"

    @property
    def in_copies_only(self) -> bool:
        """Whether somebody from outside can add and change files only in a copy of her own, not on the library's
        pages."""
        return self.kind == "forgejo"

    def copy(self) -> str:
        """The page that makes one a copy of the library of one's own."""
        return self._page("copy")

    def copy_of(self, account: str) -> "Forge | None":
        """The copy that an account has of the library; None where that is not the name of one, or of the library's own.
        The name may have an @ before it, or be the address of the account or of the copy."""
        above, owner, name = self.repository.rsplit("/", 2)
        host = re.escape(above.partition("://")[2])
        said = re.sub(f"^(https?://)?{host}/|^@", "", account.strip(), flags=re.IGNORECASE).split("/")[0]
        if not _ACCOUNT.fullmatch(said) or said.casefold() == owner.casefold():
            return None
        return replace(self, repository=f"{above}/{said}/{name}")

    def propose(self, account: str) -> str:
        """The page on which what was changed in the copy of an account is proposed to the library. Forgejo only: the
        others lead there by themselves."""
        return self._page("propose", account=account)

    def new_file(self, path: str, text: str) -> str | None:
        """The page that adds a file, with its name and text filled in. None where the site takes no text from an
        address, or the address would be too long for it."""
        if self.kind == "gitlab":
            return None
        address = f"{self.empty_file(path)}&value={quote_plus(text, _QUERY_MARKS, errors='replace')}"
        return address if len(quote(address, safe="")) <= MAX_ADDRESS else None

    def empty_file(self, path: str) -> str:
        """The page that adds a file, with its name filled in."""
        field = "file_name" if self.kind == "gitlab" else "filename"
        return f"{self._page('new')}?{field}={self._inside(path)}"

    def upload(self, folder: str) -> str:
        """The page that adds files from one's own machine to a folder (`cases`)."""
        return self._page("upload", folder)

    def edit(self, path: str) -> str:
        """The page that changes a file."""
        return self._page("edit", path)

    def view(self, path: str) -> str:
        """The file as it is now."""
        return self._page("view", path)

    def at(self, path: str, commit: str) -> str:
        """The file as it was at a commit: an address that always shows the same."""
        return self._page("at", path, commit)

    def history(self, path: str) -> str:
        """The commits that changed a file."""
        return self._page("history", path)

    def compare(self, commit: str) -> str:
        """What has changed on the branch since a commit."""
        return self._page("compare", commit=commit)

    def _page(self, page: str, path: str = "", commit: str = "", account: str = "") -> str:
        address = _PAGES[self.kind][page].format(branch=_segments(self.branch), path=self._inside(path),
                                                 commit=_segments(commit), account=_segments(account))
        return f"{self.repository}/{address}".rstrip("/")

    def _inside(self, path: str) -> str:
        return _segments(f"{self.folder}/{path}")


def address(copied: str, kind: Kind | Literal[""] = "") -> str:
    """The address of a repository as people copy it, without `.git` and a slash at the end. Raises SettingsError where
    it is none, or that of a page of the repository."""
    repository = copied.strip().rstrip("/").removesuffix(".git")
    on_github = (kind or _guessed(repository)) == "github"  # where no repository lies deeper
    if not _REPOSITORY.fullmatch(repository) or (on_github and urlsplit(repository).path.count("/") != 2):
        raise SettingsError(f"{copied[:100]!r} is not the address of a repository. Copy that of its first page from "
                            "the browser, as https://codeberg.org/example/library.")
    return repository


def branch_name(text: str) -> str:
    """The name of a branch, as it is. Raises SettingsError where it is none."""
    if not _BRANCH.fullmatch(text) or _segments(text) != quote(text, errors="replace"):
        raise SettingsError(f"{text[:100]!r} is not the name of a branch. Write it as the repository shows it, as "
                            "main.")
    return text


def folder_name(text: str) -> str:
    """A folder of a repository, without slashes around it; "" for its top. Raises SettingsError where it is none."""
    text = text.strip("/")
    if _segments(text) != quote(text, errors="replace") or not text.isprintable():
        raise SettingsError(f"{text[:100]!r} is not a folder of the repository. Write it as it is seen there, as "
                            "content; leave it empty where the content lies at the top.")
    return text


def _guessed(repository: str) -> Kind | None:
    return next((kind for pattern, kind, _ in _HOSTS if re.fullmatch(pattern, _host(repository))), None)


def _host(address: str) -> str:
    """The host of an address in small letters; "" where there is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # brackets that hold no address
        return ""


def _segments(path: str) -> str:
    """A path for an address. A browser would leave the folder at `..`, encoded or not, so such names are left out: no
    file can have them."""
    return "/".join(quote(part, safe="", errors="replace") for part in path.split("/") if part not in ("", ".", ".."))
