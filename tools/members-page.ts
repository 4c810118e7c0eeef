import { readdirSync } from 'node:fs';
import { loadHonoured, loadS3Operations, membersOf, ofTransport } from '../simulator/members.ts';
import { loadTables, type Tables } from '../simulator/validation.ts';

const constraints = new URL('../simulator/constraints', import.meta.url).pathname;

/** The services with tables of their model, S3 left out. */
export const modelledServices = (): readonly string[] =>
  readdirSync(constraints)
    .map((name) => name.replace('.generated.json', ''))
    .filter((name) => !['s3', 'honoured', 'regions'].includes(name))
    .sort();

const tables = new Map<string, Tables>();
const tablesOf = (service: string): Tables => {
  const known = tables.get(service) ?? loadTables(service);
  tables.set(service, known);
  return known;
};

/**
 * Each member of an operation's input by its path; below a member that is not honoured none.
 * @param call `sagemaker CreateModel`
 */
export const memberNames = (call: string, isHonoured: (path: string) => boolean): readonly string[] => {
  const [service = '', operation = ''] = call.split(' ');
  if (service !== 's3') return membersOf(tablesOf(service), operation, isHonoured);
  const bound = loadS3Operations()[operation];
  if (bound === undefined) return [];
  const labels = [...bound.path.matchAll(/\{(\w+)\+?\}/g)].map(([, label = '']) => label);
  const all = [...labels, ...Object.values(bound.headers), ...Object.values(bound.query), ...(bound.elements ?? [])];
  return [...new Set(all)].filter((member) => !ofTransport.includes(member));
};

export interface MemberRow {
  /** `CreateModel` */
  readonly operation: string;
  readonly honoured: readonly string[];
  readonly refused: readonly string[];
}

/** By service, the members of each operation that is served. */
export const memberRows = (): ReadonlyMap<string, readonly MemberRow[]> => {
  const honoured = loadHonoured();
  const row = (service: string, operation: string): MemberRow => {
    const call = `${service} ${operation}`;
    const known = new Set(honoured[call]);
    const names = memberNames(call, (path) => known.has(path));
    return {
      operation,
      honoured: names.filter((name) => known.has(name)),
      refused: names.filter((name) => !known.has(name)),
    };
  };
  const ofS3 = Object.keys(loadS3Operations()).filter((operation) => honoured[`s3 ${operation}`] !== undefined);
  return new Map(
    [
      ...modelledServices().map((service) => [service, Object.keys(tablesOf(service).operations)] as const),
      ['s3', ofS3] as const,
    ].map(([service, operations]) => [service, operations.map((operation) => row(service, operation))]),
  );
};

/** One row per operation that is served, with its members on both sides. */
export const memberTables = (): string => {
  const sections = [...memberRows()].map(([service, rows]) => {
    const listed = (members: readonly string[]): string => members.map((member) => `\`${member}\``).join(' ');
    const lines = rows.map(
      ({ operation, honoured, refused }) => `| ${operation} | ${listed(honoured)} | ${listed(refused)} |`,
    );
    return [`## ${service}`, '', '| operation | honoured | refused |', '| --- | --- | --- |', ...lines].join('\n');
  });
  return sections.join('\n\n');
};

/** How many members there are on each side. */
export const memberCounts = (): { readonly honoured: number; readonly refused: number } => {
  const rows = [...memberRows().values()].flat();
  const total = (side: 'honoured' | 'refused'): number => rows.reduce((sum, row) => sum + row[side].length, 0);
  return { honoured: total('honoured'), refused: total('refused') };
};

/** `botocore 1.44.5` */
export const modelSource = (): string => loadTables('sagemaker').source.split(',')[0] ?? '';
