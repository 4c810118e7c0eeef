import type { Settings } from '../../simulator/contracts.ts';
import { defaultSettings, flips } from '../../simulator/settings.ts';
import { suggest } from '../manifest/suggest.ts';
import { InputError } from '../schema.ts';
import { quoted } from '../secrets.ts';

/** `provisionMs=5s` → `{provisionMs: 5000}`. @throws {InputError} */
export const readSetting = (written: string): Partial<Settings> => {
  const [, name = '', text = ''] = /^(\w+)=(.*)$/.exec(written) ?? [];
  const names = Object.keys(defaultSettings);
  if (!names.includes(name)) {
    const near = suggest(name, names);
    throw new InputError(
      `setting: ${quoted(name === '' ? written : name)} is not allowed; expected NAME=VALUE with a setting of docs/simulator.md${near === undefined ? '' : `; did you mean ${near}?`}`,
    );
  }
  const setting = name as keyof Settings;
  const { value, allowed } = readValue(setting, text);
  if (value === undefined) throw new InputError(`setting: ${name} is ${allowed}, not ${quoted(text)}`);
  return { [setting]: value };
};

const readValue = (
  setting: keyof Settings,
  text: string,
): { readonly value: Settings[keyof Settings] | undefined; readonly allowed: string } => {
  const usual = defaultSettings[setting];
  if (typeof usual === 'boolean') return { value: { yes: true, no: false }[text], allowed: 'yes or no' };
  if (typeof usual === 'string') {
    const words = [usual, flips[setting]].filter((word) => typeof word === 'string');
    return { value: words.find((word) => word === text) as typeof usual | undefined, allowed: words.join(' or ') };
  }
  const [, amount = '', unit] = /^(\d{1,12})(ms|s|m|h)?$/.exec(text) ?? [];
  const isTime = setting.endsWith('Ms');
  // An amount of time without its unit would be read as seconds by some.
  const fits = amount !== '' && isTime === (unit !== undefined);
  const scale = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[(unit ?? 'ms') as 'ms' | 's' | 'm' | 'h'];
  return { value: fits ? Number(amount) * scale : undefined, allowed: isTime ? 'a time such as 5s' : 'a whole number' };
};
