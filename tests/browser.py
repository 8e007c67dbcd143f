"""Pages in a headless Chromium of the system, with the checks of axe-core."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM, DRIVER = map(shutil.which, ('chromium', 'chromedriver'))


@contextmanager
def browser():
    """A browser without a window; the test is skipped if there is none."""
    webdriver = pytest.importorskip('selenium.webdriver')
    if not (CHROMIUM and DRIVER):
        pytest.skip('chromium and chromedriver are not installed')
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for word in ('--headless=new', '--no-sandbox', '--disable-gpu'):
        options.add_argument(word)
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    service = webdriver.ChromeService(DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield driver
    finally:
        driver.quit()


def look_like(driver, scheme, width):
    """Set the light or dark scheme and the width of the window."""
    features = [dict(name='prefers-color-scheme', value=scheme)]
    driver.execute_cdp_cmd(
        'Emulation.setEmulatedMedia', dict(features=features)
    )
    metrics = dict(width=width, height=900, deviceScaleFactor=1, mobile=False)
    driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', metrics)


def serious_findings(driver):
    """What axe-core finds on the page, serious and critical alone."""
    package = Path(pytest.importorskip('axe_core_python').__file__).parent
    (script,) = package.glob('axe.min.js')
    driver.execute_script(script.read_text())
    found = driver.execute_async_script(
        'const done = arguments[0]; axe.run().then(done);'
    )
    return [
        (one['id'], [node['html'][:200] for node in one['nodes']])
        for one in found['violations']
        if one['impact'] in ('serious', 'critical')
    ]
