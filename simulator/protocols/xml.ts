/** An XML document in the making: text, or elements in order; lists repeat the element. */
export type Xml = string | number | boolean | undefined | { readonly [element: string]: Xml | readonly Xml[] };

/** U+0000 to U+001F cannot be written in XML 1.0 except tab and line ends; S3 keys and messages here never hold them. */
const escapeText = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#13;');

const render = (name: string, value: Xml | readonly Xml[]): string => {
  if (value === undefined) return '';
  if (isList(value)) return value.map((item) => render(name, item)).join('');
  return `<${name}>${renderInner(value)}</${name}>`;
};

const renderInner = (value: Xml): string =>
  typeof value === 'object'
    ? Object.entries(value)
        .map(([name, inner]) => render(name, inner))
        .join('')
    : value === undefined
      ? ''
      : escapeText(String(value));

const isList = (value: Xml | readonly Xml[]): value is readonly Xml[] => Array.isArray(value);

export const xmlDocument = (root: string, namespace: string | undefined, value: Xml): Buffer => {
  const declared = namespace === undefined ? '' : ` xmlns="${namespace}"`;
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n<${root}${declared}>${renderInner(value)}</${root}>`);
};
