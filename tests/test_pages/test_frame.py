import json
from html.parser import HTMLParser

import pytest

from hirl_mm.pages.frame import (
    html_document,
    html_text,
    picture_uri,
    script_json,
    shown_text,
)

HOSTILE = [
    '</script><script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '"quoted" \'twice\' & more',
    'two\nlines\r\tand\0zero\x7f',
    'café 猫 😀 \u202eright\u2028left',
    b'caf\xe9.png'.decode(errors='surrogateescape'),
    '\ud800 alone',
    '<!-- ]]> -->',
]


@pytest.mark.parametrize('text', HOSTILE)
def test_shown_text_is_one_line_of_valid_text(text):
    shown = shown_text(text)
    assert shown.encode('utf-8').decode('utf-8') == shown
    assert not any(ord(char) < 32 or ord(char) == 127 for char in shown)


def test_shown_text_keeps_what_can_be_shown():
    assert shown_text('café 猫 😀') == 'café 猫 😀'
    assert shown_text('a\nb') == 'a␊b' and shown_text('a\x7f') == 'a␡'
    undecodable = b'caf\xe9.png'.decode(errors='surrogateescape')
    assert shown_text(undecodable) == 'caf\ufffd.png'
    # Names that differ stay different.
    assert shown_text('a\nb') != shown_text('a\rb') != shown_text('ab')


@pytest.mark.parametrize('text', HOSTILE)
def test_script_json_is_harmless_and_means_the_value(text):
    value = {'names': [text, 1, 2.5, None]}
    encoded = script_json(value)
    assert encoded.isascii() and not set('<>&\n') & set(encoded)
    assert json.loads(encoded) == value


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_script_json_has_finite_numbers(value):
    with pytest.raises(ValueError, match='JSON'):
        script_json([value])


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.found.append(data)


def tags(text):
    parser = Tags()
    parser.feed(text)
    return parser.found


@pytest.mark.parametrize('text', HOSTILE)
def test_names_are_text_and_attributes(text):
    name = html_text(text)
    found = tags(f'<p title="{name}">{name}</p>')
    assert found == [('p', {'title': shown_text(text)}), shown_text(text)]


@pytest.mark.parametrize('text', HOSTILE)
def test_a_title_adds_no_elements(text):
    document = html_document(text, '<p>x</p>', scripts=['a.js'])
    names = [one[0] for one in tags(document) if isinstance(one, tuple)]
    assert names == [
        *('html', 'head', 'meta', 'meta', 'meta', 'meta', 'title'),
        *('script', 'body', 'p'),
    ]


def policy(document):
    (content,) = (
        one[1]['content']
        for one in tags(document)
        if one[1:] and 'http-equiv' in one[1]
    )
    return content


def test_a_page_forbids_the_network_and_scripts_inside():
    plain = policy(html_document('t', ''))
    assert plain.startswith("default-src 'none';")
    assert 'http' not in plain and "'unsafe-inline'" not in plain
    styled = policy(html_document('t', '', inline_style='p {}'))
    scripts = styled.split('script-src')[1].split(';')[0]
    assert "'unsafe-inline'" in styled and 'unsafe' not in scripts


def test_pictures_inside_a_page():
    assert picture_uri(b'\x00\xff', 'image/webp') == (
        'data:image/webp;base64,AP8='
    )
