import { visible } from '../plain-text.ts';

/** Foreign text in HTML, SVG and XML, as content or as a quoted attribute; characters that XML 1.0 forbids are shown as well. */
export const escapeXml = (text: string): string =>
  visible(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
