import { DOMParser } from '@xmldom/xmldom';
import { AwsError } from '../contracts.ts';

/** An XML document in the making: text, or elements in order; lists repeat the element. */
export type Xml = string | number | boolean | undefined | { readonly [element: string]: Xml | readonly Xml[] };

/**
 * No library writes it: @xmldom/xmldom 0.9 and fast-xml-parser 5.12 leave a carriage return as it is, and a reader gets a line feed
 * instead (XML 1.0 §2.11). U+0000 to U+001F cannot be written in XML 1.0 except tab and line ends; S3 keys and messages here never hold them.
 */
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

/**
 * Every element of a document that holds text alone, by its name.
 * @throws AwsError `MalformedXML`
 */
export const textsOf = (xml: string): Readonly<Record<string, string>> => {
  const elements = [...parse(xml).getElementsByTagName('*')];
  return Object.fromEntries(
    elements.flatMap((element) =>
      element.getElementsByTagName('*').length > 0 ? [] : [[element.localName ?? '', element.textContent ?? '']],
    ),
  );
};

/**
 * The elements of a list, each with its own texts.
 * @throws AwsError `MalformedXML`
 */
export const listOf = (xml: string, element: string): readonly Readonly<Record<string, string>>[] =>
  [...parse(xml).getElementsByTagName(element)].map((item) =>
    Object.fromEntries(
      [...item.getElementsByTagName('*')].map((inner) => [inner.localName ?? '', inner.textContent ?? '']),
    ),
  );

const parse = (xml: string) => {
  try {
    // The library repairs an `error`; AWS refuses it.
    const onError = (level: string): void => {
      if (level !== 'warning') throw malformedXml();
    };
    return new DOMParser({ onError }).parseFromString(xml, 'application/xml');
  } catch {
    throw malformedXml();
  }
};

export const malformedXml = (): AwsError =>
  new AwsError(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
