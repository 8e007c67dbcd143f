"""Open pages from disk in the browsers of the system, without a window."""

import time
from pathlib import Path


class Browser:
    """A browser that waits until the view of an address is complete.

    Args:
        driver: Selenium's driver of the browser.
    """

    def __init__(self, driver):
        self.driver = driver

    def close(self):
        self.driver.quit()

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def await_(self, script, *arguments):
        """Value of a promise that a script returns."""
        return self.driver.execute_async_script(
            'const done = arguments[arguments.length - 1];'
            f'(async () => {{ {script} }})().then(done, (error) => '
            'done(String(error)))',
            *arguments,
        )

    def open(self, folder, address='#/'):
        """Open a page anew, as by a double click."""
        self.driver.get('about:blank')
        self.driver.get(f'{Path(folder).as_uri()}/index.html{address}')
        self.until_shown(address)

    def until_shown(self, address):
        """Wait until the view of an address is complete."""
        self.until(
            lambda: (
                self.run(
                    'return document.getElementById("main").dataset.ready'
                )
                == address
            ),
            address,
        )

    @staticmethod
    def until(condition, what):
        """Wait for a condition, for long enough on a busy machine."""
        deadline = time.monotonic() + 120
        while not condition():
            assert time.monotonic() < deadline, f'waited in vain for {what}'
            time.sleep(0.02)

    def all(self, selector):
        from selenium.webdriver.common.by import By

        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        (found,) = self.all(selector)
        return found

    def texts(self, selector):
        return [element.text for element in self.all(selector)]

    def press(self, *keys):
        """Press keys where the focus is."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def colors(self, scheme):
        """Prefer 'light' or 'dark'."""
        raise NotImplementedError

    def narrow(self, width):
        """Make the page as wide as a phone, in CSS pixels; None: as before."""
        raise NotImplementedError

    def messages(self):
        """What the page wrote to the console since the last call."""
        raise NotImplementedError

    def findings(self):
        """Serious and critical findings of axe-core on the present view."""
        import axe_core_python

        file = Path(axe_core_python.__file__).parent / 'axe.min.js'
        self.run(file.read_text())
        found = self.await_(
            'const found = await axe.run(document, {resultTypes: '
            '["violations"]}); return found.violations;'
        )
        return [
            (one['id'], [node['html'] for node in one['nodes']][:3])
            for one in found
            if one['impact'] in ('serious', 'critical')
        ]
