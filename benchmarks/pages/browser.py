"""A browser without a window, and pages that have opened in it."""

import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

_PATIENCE = 60.0


def browser(width: int = 1280, height: int = 900) -> webdriver.Chrome:
    """Start the chromium of the system."""
    options = Options()
    for word in (
        *('--headless=new', '--no-sandbox', '--disable-gpu'),
        f'--window-size={width},{height}',
    ):
        options.add_argument(word)
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    service = Service('/usr/bin/chromedriver')
    return webdriver.Chrome(options=options, service=service)


def opened(driver: webdriver.Chrome, page: Path, address: str) -> None:
    """Open a page from disk and wait until a view is complete.

    The page is loaded again, so that nothing is in its memory.
    """
    driver.get('about:blank')
    driver.get(f'{page.absolute().as_uri()}/index.html{address}')
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if driver.execute_script(
            'return document.getElementById("main").dataset.ready'
        ):
            return
        time.sleep(0.02)
    raise TimeoutError(f'{address} did not open in {_PATIENCE:.0f} s')
