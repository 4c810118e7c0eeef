/** The diagrams of the pages, read by Mermaid's own parser: GitHub shows an error in place of one that is wrong. */
import DOMPurify from 'dompurify';
import mermaid from 'mermaid';

// Without a browser there is nothing to clean; the parser only asks for it.
Object.assign(DOMPurify, { addHook: () => undefined, sanitize: (text: string) => text });

/** The diagrams of a page that cannot be drawn, each with the parser's reason. */
export const wrongDiagrams = async (page: string, text: string): Promise<readonly string[]> => {
  const faults: string[] = [];
  for (const [, diagram = ''] of text.matchAll(/^ *```mermaid\n(.*?)^ *```$/gms))
    await mermaid.parse(diagram).catch((error: unknown) => faults.push(`${page}: a diagram: ${String(error)}`));
  return faults;
};
