import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { createKernel } from '../../simulator/kernel.ts';
import { defaultSettings, flips } from '../../simulator/settings.ts';

const source = readFileSync(new URL('../../simulator/settings.ts', import.meta.url), 'utf8');
/** `[name, comment]` of every setting. */
const documented = [...source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+(\w+): /g)].map(
  ([, comment = '', name = '']) => [name, comment] as const,
);

describe('what AWS leaves open', () => {
  test('every setting says where it comes from', () => {
    expect(documented.map(([name]) => name).sort()).toEqual(Object.keys(defaultSettings).sort());
  });

  test('everything unconfirmed, and every open question, has another value to be flipped to', () => {
    const open = documented.filter(([, comment]) => /\[unconfirmed\]|§13/.test(comment)).map(([name]) => name);
    expect(open.length).toBeGreaterThan(15);
    expect(open.filter((name) => !(name in flips))).toEqual([]);
  });

  test('a flip is another value than the default', () => {
    for (const [name, value] of Object.entries(flips)) expect(value).not.toBe(Reflect.get(defaultSettings, name));
  });

  test('the kernel knows which settings were looked at', () => {
    const { kernel, settingsRead, clock } = createKernel();
    expect([...settingsRead.keys()]).toEqual([]);
    expect(kernel.settings.provisionMs).toBe(defaultSettings.provisionMs);
    expect([...settingsRead]).toEqual([['provisionMs', clock.now()]]);
  });
});
