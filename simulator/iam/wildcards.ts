/** `*`: any characters, `?`: exactly one. */
export const wildcard = (pattern: string, flags: 'i' | '' = ''): RegExp =>
  new RegExp(`^${source(pattern, '.')}$`, `s${flags}`);

/**
 * A pattern of ARNs, of which case counts. In the five parts before the resource a wildcard stays within its part, unless a `*` ends the part:
 * "it can expand to match beyond the colon boundary" (IAM user guide, "IAM JSON policy elements: Resource").
 */
export const arnPattern = (pattern: string): RegExp => {
  const parts = pattern.split(':');
  const before = parts
    .slice(0, 5)
    .map((part) => (part.endsWith('*') ? `${source(part.slice(0, -1), '[^:]')}.*` : source(part, '[^:]')));
  const resource = parts.slice(5).join(':');
  return new RegExp(`^${[...before, ...(parts.length > 5 ? [source(resource, '.')] : [])].join(':')}$`, 's');
};

const source = (pattern: string, any: string): string =>
  pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', `${any}*`)
    .replaceAll('?', any);
