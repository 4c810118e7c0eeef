import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { furtherInputs, jobFields, keyedFields } from '../../src/hosts/codepipeline/action-types.ts';
import type { AnyOperation } from '../../src/operations/all.ts';

type Inputs = Readonly<Record<string, string>>;

/** The source artifact holds the files; `further-inputs` holds each input without a key of its own. */
export const asConfiguration = (
  operation: AnyOperation,
  inputs: Inputs,
): { readonly files: Inputs; readonly configuration: Inputs } => {
  const files: Record<string, string> = {};
  const values: Record<string, string> = {};
  for (const [name, field] of jobFields(operation)) {
    const value = inputs[name];
    if (value === undefined) continue;
    values[name] = field.kind === 'file' ? basename(value) : value;
    if (field.kind === 'file') files[basename(value)] = readFileSync(value, 'utf8');
  }
  const keyed = keyedFields(operation).map(([name]) => name);
  const further = Object.entries(values).filter(([name]) => !keyed.includes(name));
  return {
    files,
    configuration: {
      ...Object.fromEntries(Object.entries(values).filter(([name]) => keyed.includes(name))),
      ...(further.length === 0 ? {} : { [furtherInputs]: JSON.stringify(Object.fromEntries(further)) }),
    },
  };
};
