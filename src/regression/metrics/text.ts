import { failed } from '../rows.ts';
import { type Makers, share } from './maker.ts';
import { mean } from './mean.ts';
import { proportion } from './proportion.ts';
import { served } from './served.ts';

export const text: Makers<'text'> = {
  ...served,
  'exact-match': () => ({
    ...share,
    needs: 'predictions',
    failedRows: 'wrong',
    shape: proportion((_, answers, row) => {
      if (answers.states[row] === failed) return false;
      const exact = answers.text?.exact[row];
      return exact === undefined || Number.isNaN(exact) ? undefined : exact === 1;
    }),
  }),
  'token-f1': () => ({
    ...share,
    needs: 'predictions',
    failedRows: 'missing',
    shape: mean((_, answers, row) => answers.text?.tokenF1[row] ?? Number.NaN),
  }),
};
