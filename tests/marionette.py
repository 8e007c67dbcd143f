"""Selenium's commands in the protocol that Firefox speaks by itself.

Marionette, https://firefox-source-docs.mozilla.org/testing/marionette: a
message is its length, a colon and a JSON list. geckodriver does no more than
translate, but no package index has it.
"""

import itertools
import json
import socket

NAMES = {
    'newSession': 'WebDriver:NewSession',
    'setTimeouts': 'WebDriver:SetTimeouts',
    'get': 'WebDriver:Navigate',
    'goBack': 'WebDriver:Back',
    'goForward': 'WebDriver:Forward',
    'getTitle': 'WebDriver:GetTitle',
    'getCurrentUrl': 'WebDriver:GetCurrentURL',
    'w3cExecuteScript': 'WebDriver:ExecuteScript',
    'w3cExecuteScriptAsync': 'WebDriver:ExecuteAsyncScript',
    'findElements': 'WebDriver:FindElements',
    'w3cGetActiveElement': 'WebDriver:GetActiveElement',
    'clickElement': 'WebDriver:ElementClick',
    'clearElement': 'WebDriver:ElementClear',
    'sendKeysToElement': 'WebDriver:ElementSendKeys',
    'getElementText': 'WebDriver:GetElementText',
    'getElementTagName': 'WebDriver:GetElementTagName',
    'getElementRect': 'WebDriver:GetElementRect',
    'isElementSelected': 'WebDriver:IsElementSelected',
    'isElementEnabled': 'WebDriver:IsElementEnabled',
    'getElementAttribute': 'WebDriver:GetElementAttribute',
    'getElementProperty': 'WebDriver:GetElementProperty',
    'getElementValueOfCssProperty': 'WebDriver:GetElementCSSValue',
    'findChildElements': 'WebDriver:FindElements',
    'screenshot': 'WebDriver:TakeScreenshot',
    'setWindowRect': 'WebDriver:SetWindowRect',
    'quit': 'Marionette:Quit',
    # Not one of Selenium: scripts of the page, or of the browser.
    'setContext': 'Marionette:SetContext',
}


class Marionette:
    """Carries out commands for :class:`selenium.webdriver.Remote`.

    Args:
        port: Port on this machine where Firefox listens.
    """

    def __init__(self, port):
        self._socket = socket.create_connection(('127.0.0.1', port), 120)
        self._file = self._socket.makefile('rb')
        self._numbers = itertools.count()
        self._receive()

    def close(self):
        self._file.close()
        self._socket.close()

    def execute(self, command, params):
        """Answer to a command of Selenium, as a server would give it."""
        params = {k: v for k, v in params.items() if k != 'sessionId'}
        if command == 'newSession':
            params = params['capabilities']
        elif command == 'findChildElements':
            params['element'] = params.pop('id')
        elif command == 'screenshot':
            params['full'] = False
        elif command == 'quit':
            params = {'flags': ['eForceQuit']}
        return self._send(NAMES[command], params)

    def _send(self, name, params):
        number = next(self._numbers)
        text = json.dumps([0, number, name, params]).encode()
        self._socket.sendall(b'%d:%b' % (len(text), text))
        _, answered, error, result = self._receive()
        assert answered == number, (name, answered)
        if error:
            return {'status': 500, 'value': json.dumps({'value': error})}
        if isinstance(result, dict) and 'capabilities' in result:
            return {'value': result}
        if isinstance(result, dict) and 'value' in result:
            return result
        return {'value': result}

    def _receive(self):
        length = b''
        while (byte := self._file.read(1)) != b':':
            assert byte, 'Firefox has ended'
            length += byte
        return json.loads(self._file.read(int(length)))
