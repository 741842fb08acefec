/** Text that is safe in a page: whatever is put into a template is escaped, unless it was made by one. */

export interface Html {
  readonly html: string
}

type Content = Html | string | number | null | undefined | false | readonly Content[]

export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return { html: strings.reduce((text, part, index) => text + render(values[index - 1]) + part) }
}

/** A name that may be broken after each of its words. */
export function breakable(name: string): Html {
  return { html: escapeText(name).replace(/[_.-]+/g, '$&<wbr>') }
}

function render(content: Content): string {
  if (content === null || content === undefined || content === false) return ''
  if (typeof content === 'string' || typeof content === 'number') return escapeText(String(content))
  return isList(content) ? content.map(render).join('') : content.html
}

function isList(content: Html | readonly Content[]): content is readonly Content[] {
  return Array.isArray(content)
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** For text and for attributes in quotes: https://html.spec.whatwg.org/multipage/syntax.html#syntax-attributes */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => escapes[sign] ?? sign)
}
