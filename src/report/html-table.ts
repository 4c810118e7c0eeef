import { escapeXml } from './xml.ts';

/** @param rows cells of finished HTML */
export const htmlTable = (heads: readonly string[], rows: readonly (readonly string[])[], style = ''): string =>
  `<div class="scroll"><table class="${style}"><thead><tr>${heads.map((head) => `<th scope="col">${escapeXml(head)}</th>`).join('')}</tr></thead><tbody>${rows
    .map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`)
    .join('')}</tbody></table></div>`;
