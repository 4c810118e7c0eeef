import type { Instant } from '../../contracts.ts';
import { parseSchedule, type Schedule } from '../schedule.ts';

/** When a deployment is allowed. */
export interface Window {
  isOpen(at: Instant): boolean;
}

/**
 * Rule reference "DeploymentWindow": "The rule succeeds when the date and time in the deployment window meet the criteria in the cron
 * expression". The field of the seconds takes part in nothing ("Allowed values: N/A").
 * @returns the fault of an expression or a time zone that cannot be played
 */
export const windowOf = ({ Cron = '', TimeZone = 'UTC' }: Readonly<Record<string, string>>): Window | string => {
  const [seconds = '', ...fields] = Cron.trim().split(/\s+/);
  const isWrong = `Cron '${Cron}' is no expression of six or seven fields, the first of them '*' or a number`;
  if (fields.length < 5 || fields.length > 6 || !/^(\*|\d{1,2})$/.test(seconds)) return isWrong;
  const [, , ofMonth = '', , ofWeek = ''] = fields;
  if (/[LW]|#/i.test(ofMonth) || /^L$|\dL|#/i.test(ofWeek)) return `L, W and # in Cron '${Cron}': not simulated`;
  const [, sign, hours, minutes] = /^UTC([+-])(\d\d):(\d\d)$/.exec(TimeZone) ?? [];
  const aheadMs = sign === undefined ? 0 : Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  const zone = sign === undefined ? TimeZone : 'UTC';
  const cron = `cron(${[...fields, ...(fields.length === 5 ? ['*'] : [])].join(' ')})`;
  const schedule: Schedule | undefined = parseSchedule(cron, zone, 0);
  if (schedule !== undefined) return { isOpen: (at) => schedule.isDue(at + aheadMs) };
  return parseSchedule(cron, 'UTC', 0) === undefined ? isWrong : `the time zone '${TimeZone}': not simulated`;
};
