"""The connect page as its user meets it: what it says, and what can be done there."""

from selenium.common.exceptions import JavascriptException, StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.by import By

# Counts, from before the page's own code runs, whatever the content security policy stopped and every real input.
WITNESS = """
(() => {
  const witness = {violations: [], inputs: []};
  Object.defineProperty(window, "__witness", {value: witness});
  addEventListener("securitypolicyviolation", event =>
    witness.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`), true);
  for (const name of ["paste", "click", "keydown", "drop"]) {
    addEventListener(name, event => { if (event.isTrusted) witness.inputs.push(name) }, true);
  }
})();
"""

# Where the focus is, and whether anybody would see it there.
FOCUS = """
const at = document.activeElement;
if (!at || at === document.body) return null;
const style = getComputedStyle(at), box = at.getBoundingClientRect();
const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
  && !/rgba\\(.*, 0\\)|transparent/.test(style.outlineColor);
return {
  id: at.id, action: at.dataset.action || "", tag: at.localName, name: at.getAttribute("name") || "",
  value: at.localName === "input" && at.type === "radio" ? at.value : "",
  visible: at.matches(":focus-visible") && (outlined || style.boxShadow !== "none"),
  inWindow: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right <= innerWidth + 1,
};
"""


class Page:
    """The page in the tab in front."""

    def __init__(self, browser):
        self.browser = browser
        self.driver = browser.driver

    def watch(self):
        """Lets a witness look on from the next document of this tab on."""
        self.browser.command("Page.addScriptToEvaluateOnNewDocument", source=WITNESS)

    def open(self, url, *states):
        """Opens a link and waits for one of `states`, or for any but loading."""
        self.driver.get(url)
        return self.until(*states)

    def reload(self, *states):
        self.driver.refresh()
        return self.until(*states)

    # What it shows

    @property
    def main(self):
        return self.driver.execute_script(
            "const main = document.getElementById('main'); return main ? {...main.dataset} : {}")

    @property
    def state(self):
        return self.main.get("state")

    @property
    def outcome(self):
        return self.main.get("outcome", "")

    def until(self, *states, outcome=None):
        """Waits for a state, and within it for an outcome; returns what the page's `main` says of itself."""

        def arrived():
            try:
                main = self.main
            except (JavascriptException, WebDriverException):
                return None
            known = main.get("state") in states if states else main.get("state") not in {None, "loading"}
            return main if known and outcome in (None, main.get("outcome", "")) else None

        try:
            return self.browser.until(arrived, "")
        except Exception as error:
            raise AssertionError(f"expected {states} {outcome or ''}, found {self.main}: {self.text[:400]}") from error

    @property
    def text(self):
        """All that a sighted user can read now, in every text and label."""
        return self.driver.execute_script("return document.body ? document.body.innerText : ''")

    def says(self, selector):
        """The text of the first such element that is shown, or an empty text."""
        return self.driver.execute_script(
            "const found = document.querySelector(arguments[0]);"
            "return found && found.checkVisibility() ? found.innerText.trim() : ''", selector)

    def shows(self, selector):
        return self.driver.execute_script(
            "return [...document.querySelectorAll(arguments[0])].some(one => one.checkVisibility())", selector)

    def attribute(self, selector, name):
        return self.driver.execute_script(
            "const found = document.querySelector(arguments[0]);"
            "return found ? found.getAttribute(arguments[1]) : null", selector, name)

    @property
    def field(self):
        """What stands in the field for the key, or None where there is no field."""
        return self.driver.execute_script(
            "const field = document.getElementById('key'); return field ? field.value : null")

    @property
    def address(self):
        return self.driver.execute_script("return location.href")

    @property
    def language(self):
        return self.driver.execute_script("return document.documentElement.lang")

    @property
    def violations(self):
        """What the content security policy stopped, as far as the witness saw."""
        return self.driver.execute_script("return window.__witness ? window.__witness.violations : null")

    @property
    def inputs(self):
        """Every real paste, click and key press on this document, in their order."""
        return self.driver.execute_script("return window.__witness.inputs")

    @property
    def is_too_wide(self):
        return self.driver.execute_script("return document.documentElement.scrollWidth > innerWidth")

    # What can be done there

    def element(self, selector):
        def seen():
            found = self.driver.find_elements(By.CSS_SELECTOR, selector)
            return next((one for one in found if one.is_displayed()), None)

        return self.browser.until(seen, f"there is no {selector} to be seen")

    def click(self, selector):
        """One click; again only where the element was drawn anew before the browser came to it."""
        try:
            self.element(selector).click()
        except StaleElementReferenceException:
            self.element(selector).click()

    def act(self, name):
        """Chooses one of the buttons and links that an outcome offers."""
        self.click(f"[data-action='{name}']")

    def paste(self, text):
        """Pastes with the keyboard, wherever the page has put the focus."""
        self.browser.copy(text)
        self.browser.paste()

    def type(self, text):
        self.element("#key").send_keys(text)

    def save(self):
        self.click("#save")

    def choose(self, provider):
        self.click(f"label:has(input[name=provider][value={provider}])")

    @property
    def focus(self):
        """The element with the focus, or None; `visible` says whether a ring or a shadow marks it."""
        return self.driver.execute_script(FOCUS)
