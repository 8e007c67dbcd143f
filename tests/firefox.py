"""The Firefox of the system."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.browser import Browser
from tests.marionette import Marionette

PROGRAMS = ('firefox-esr',)

SCHEME = 'layout.css.prefers-color-scheme.content-override'
SETTINGS = {
    # Any free port; Firefox writes it to its profile.
    'marionette.port': 0,
    # No page beside ours is opened, and nothing is asked of a network.
    'browser.shell.checkDefaultBrowser': False,
    'browser.startup.page': 0,
    'datareporting.policy.dataSubmissionEnabled': False,
    'network.captive-portal-service.enabled': False,
    'network.connectivity-service.enabled': False,
    'services.settings.server': 'data:,',
    # As on phones: scroll bars lie over the page and take no width.
    'ui.useOverlayScrollbars': 1,
}
MESSAGES = """
const ours = Services.console.getMessageArray().filter((one) =>
  one instanceof Ci.nsIScriptError && one.sourceName.startsWith('file:'));
Services.console.reset();
return ours.map((one) => one.errorMessage);
"""


class Firefox(Browser):
    """Started with a new profile, and led without geckodriver."""

    def __init__(self, width=1280, height=900):
        from selenium.webdriver import Remote
        from selenium.webdriver.firefox.options import Options

        self.profile = Path(tempfile.mkdtemp())
        (self.profile / 'user.js').write_text(
            ''.join(
                f'user_pref("{name}", {json.dumps(value)});\n'
                for name, value in SETTINGS.items()
            )
        )
        self.process = subprocess.Popen(
            [
                *(*PROGRAMS, '--headless', '--no-remote', '--marionette'),
                '--remote-allow-system-access',
                *(f'--width={width}', f'--height={height}'),
                *('--profile', str(self.profile)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port = self.profile / 'MarionetteActivePort'
        self.until(lambda: port.exists() and port.read_text(), 'Firefox')
        self.marionette = Marionette(int(port.read_text()))
        super().__init__(Remote(self.marionette, options=Options()))

    def close(self):
        super().close()
        self.marionette.close()
        self.process.wait(60)
        shutil.rmtree(self.profile)

    def run_as_firefox(self, script, *arguments):
        """Value of a script that is not bound to a page."""
        self.driver.execute('setContext', {'value': 'chrome'})
        try:
            return self.run(script, *arguments)
        finally:
            self.driver.execute('setContext', {'value': 'content'})

    def colors(self, scheme):
        self.run_as_firefox(
            'Services.prefs.setIntPref(...arguments)',
            *(SCHEME, ('dark', 'light').index(scheme)),
        )

    def narrow(self, width):
        self.run_as_firefox(
            'gBrowser.selectedBrowser.style.maxWidth = arguments[0]',
            'none' if width is None else f'{width}px',
        )
        self.until(
            lambda: (
                (self.run('return innerWidth') == width) == (width is not None)
            ),
            'the width',
        )

    def messages(self):
        return self.run_as_firefox(MESSAGES)
