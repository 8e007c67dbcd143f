"""Reading of HTML pages, without a browser."""

from html.parser import HTMLParser

VOID = {'br', 'img', 'meta'}


class PageReader(HTMLParser):
    """What a page holds.

    Attributes:
        attributes: Tag, name and value of every attribute.
        text: All text of the body.
        tables: Caption -> rows of cells, the head first.
        open: Elements that are not closed.
    """

    def __init__(self, page):
        super().__init__()
        self.attributes, self.tables, self.open = [], {}, []
        self.tags, self.styles, self.scripts = [], '', ''
        self.text = ''
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag == 'table':
            self.caption, self.rows = '', []
        elif tag == 'tr':
            self.rows.append([])
        elif tag in ('td', 'th'):
            self.rows[-1].append('')

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag == 'table':
            self.tables[self.caption] = self.rows

    def handle_data(self, data):
        if 'style' in self.open:
            self.styles += data
            return
        self.text += data
        if 'caption' in self.open:
            self.caption += data
        elif {'td', 'th'}.intersection(self.open):
            self.rows[-1][-1] += data

    def assert_alone(self):
        """Nothing of the page is elsewhere, and no script runs."""
        assert not self.open
        assert 'script' not in self.tags
        assert '@import' not in self.styles and 'url(' not in self.styles
        for tag, name, value in self.attributes:
            assert not name.startswith('on'), (tag, name)
            if name in ('src', 'href', 'srcset', 'data', 'action'):
                assert value.startswith(('#', 'data:image/')), (tag, value)
