"""The chromium of the system."""

import shutil

from tests.browser import Browser

PROGRAMS = 'chromium', 'chromedriver'


class Chromium(Browser):
    """Started by its driver."""

    def __init__(self, width=1280, height=900):
        from selenium import webdriver
        from selenium.webdriver.chrome.options import Options
        from selenium.webdriver.chrome.service import Service

        options = Options()
        for word in (
            *('--headless=new', '--no-sandbox', '--disable-gpu'),
            f'--window-size={width},{height}',
        ):
            options.add_argument(word)
        options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
        service = Service(shutil.which('chromedriver'))
        super().__init__(webdriver.Chrome(options=options, service=service))

    def colors(self, scheme):
        self.driver.execute_cdp_cmd(
            'Emulation.setEmulatedMedia',
            {'features': [{'name': 'prefers-color-scheme', 'value': scheme}]},
        )

    def narrow(self, width):
        if width is None:
            self.driver.execute_cdp_cmd(
                'Emulation.clearDeviceMetricsOverride', {}
            )
            return
        metrics = dict(height=844, deviceScaleFactor=2, mobile=True)
        self.driver.execute_cdp_cmd(
            'Emulation.setDeviceMetricsOverride', dict(width=width, **metrics)
        )

    def spoken(self):
        """What a screen reader gets: role, name and properties in a row."""
        found = self.driver.execute_cdp_cmd('Accessibility.getFullAXTree', {})
        return [
            (
                node['role']['value'],
                node.get('name', {}).get('value', ''),
                {
                    one['name']: one['value'].get('value')
                    for one in node.get('properties', [])
                },
            )
            for node in found['nodes']
            if not node['ignored']
        ]

    def messages(self):
        return [entry['message'] for entry in self.driver.get_log('browser')]
