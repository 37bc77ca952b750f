"""Open a few pages of a served library in a real Chromium: `python tests/e2e/open_pages.py http://127.0.0.1:8000`.

For what the tests cannot see: a library installed from its wheel and served by the command. Exit status 1 where a page
is not there, has no heading, looks unstyled or complains in its console.
"""

import shutil
import sys

from playwright.sync_api import sync_playwright

PATHS = ("/", "/search?q=water", "/match?challenge=Cellars+flood+after+every+cloudburst",
         "/cases/copenhagen-cloudburst-plan", "/cases/copenhagen-cloudburst-plan/adopt", "/cities/copenhagen",
         "/challenges", "/challenges/toronto-basement-flooding", "/about")


def main(base: str) -> int:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    failures = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.on("console", lambda message: failures.append(f"{message.type}: {message.text}")
                if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: failures.append(str(error)))
        for path in PATHS:
            answer = page.goto(base + path)
            heading = page.locator("h1").first.inner_text()
            styled = page.evaluate("document.styleSheets.length > 0 && document.styleSheets[0].cssRules.length > 10")
            print(f"{answer.status if answer else '-'} {path}: {heading}")
            if not (answer and answer.ok and heading and styled):
                failures.append(f"{path} is not as it should be")
        browser.close()
    print(*failures, sep="\n")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/")))
