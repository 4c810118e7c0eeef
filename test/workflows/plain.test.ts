import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { plain } from '../../src/rehearsal/workflow/plain.ts';
import { readWorkflow } from '../support/workflow-file.ts';

const path = '.github/workflows/deliver.yml';
const deliver = readFileSync(path, 'utf8');
const home = `acme/model-delivery@${'0123456789'.repeat(4)}`;
const used = (text: string): readonly string[] => [...text.matchAll(/uses: (\S+)/g)].map(([, uses = '']) => uses);

describe('the workflows in older words', () => {
  it('find the same actions in the workspace', () => {
    expect(used(plain(deliver))).toEqual(used(deliver).map((uses) => uses.replace('$/', './')));
    expect(plain('      - uses: $/actions/rollback\n')).toBe('      - uses: ./actions/rollback\n');
  });

  it('find the same actions on GitHub Enterprise Server, at one commit', async () => {
    const text = plain(deliver, home);
    const [repository, commit] = home.split('@');
    expect(used(text)).toEqual(
      used(deliver).map((uses) => (uses.startsWith('$/') ? `${repository}/${uses.slice(2)}@${commit}` : uses)),
    );
    expect(text).not.toMatch(/^\s+queue:/m);
    const [before, after] = [await readWorkflow(path), await readWorkflow(path, text)];
    expect(Object.keys(after.jobs)).toEqual(Object.keys(before.jobs));
    for (const [id, job] of Object.entries(after.jobs)) expect(job.if).toBe(before.jobs[id]?.if);
  });

  it('call the workflow of the same commit from the examples', () => {
    const example = readFileSync('examples/rollback.yml', 'utf8');
    expect(used(plain(example))).toEqual(['./.github/workflows/deliver.yml']);
    expect(used(plain(example, home))).toEqual([home.replace('@', '/.github/workflows/deliver.yml@')]);
  });
});
