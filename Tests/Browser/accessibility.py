"""axe-core's judgement of what is shown now."""

import importlib.util
import pathlib

# The rules of WCAG 2.2 A and AA, and what axe-core holds to be good practice besides.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
RUN = """
const done = arguments[1];
axe.run(document, {runOnly: {type: "tag", values: arguments[0]}, resultTypes: ["violations"], preload: false})
  .then(found => done(found.violations.map(({id, help, nodes}) => `${id}: ${help}: `
    + nodes.slice(0, 3).map(node => `${node.target} ${node.any.map(({message}) => message)}`).join(" | "))),
  error => done([`axe-core failed: ${error}`]));
"""


def script():
    package = importlib.util.find_spec("axe_playwright_python").submodule_search_locations[0]
    return (pathlib.Path(package) / "axe.min.js").read_text(encoding="utf-8")


class Accessibility:
    """Holds the script, which is put into a page when it is first judged."""

    def __init__(self, browser):
        self.browser = browser
        self.source = script()

    def violations(self):
        """One line for each rule that is broken; none when all is well."""
        driver = self.browser.driver
        if not driver.execute_script("return 'axe' in window"):
            self.browser.command("Runtime.evaluate", expression=self.source)
        return driver.execute_async_script(RUN, TAGS)
