import { kayenta } from './judges/kayenta.ts';
import { ours } from './judges/ours.ts';
import { alarm, argo, flagger, ratioAlarm } from './judges/thresholds.ts';
import type { Contestant } from './stream.ts';

export const contestants: readonly Contestant[] = [
  ours('judge', 'auto'),
  ours('judge, guard on', 'on'),
  alarm('alarm 3 of 3 x 1 min', 1, 3),
  alarm('alarm 2 of 2 x 5 min', 5, 2),
  ratioAlarm('ratio alarm', 2, 2, 3),
  argo(),
  flagger(),
  kayenta('Kayenta, six looks', 6),
  kayenta('Kayenta, one look', 1),
];
