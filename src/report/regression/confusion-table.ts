import type { Confusion } from '../../findings/regression.ts';
import { shortened } from '../../plain-text.ts';
import { escapeXml } from '../xml.ts';

/**
 * The candidate's confusion matrix, and in each cell the change against the baseline's, where there is one. More on the diagonal is better, more beside it is
 * worse; the shade grows with the share of the label's rows that moved.
 */
export const confusionTable = ({ classes, candidate, baseline }: Confusion): string => {
  const heads = [...classes.map((name) => shortened(name, 24)), 'no class'];
  // The last column is empty where each answer is a class.
  const columns = heads.filter(
    (_, at) => at < classes.length || sumOf(candidate, at) + (baseline ? sumOf(baseline, at) : 0) > 0,
  );
  const rows = classes.map((name, label) => {
    const total = (candidate[label] ?? []).reduce((sum, value) => sum + value, 0);
    const cells = columns.map((_, prediction) => {
      const now = candidate[label]?.[prediction] ?? 0;
      return cell(now, baseline ? now - (baseline[label]?.[prediction] ?? 0) : 0, label === prediction, total);
    });
    return `<tr><th scope="row">${escapeXml(shortened(name, 24))}</th>${cells.join('')}</tr>`;
  });
  return [
    '<div class="scroll"><table class="confusion">',
    `<caption>Rows: the label. Columns: the prediction of the candidate${baseline ? ', and the change against the baseline' : ''}.</caption>`,
    `<thead><tr><td></td>${columns.map((name) => `<th scope="col">${escapeXml(name)}</th>`).join('')}</tr></thead>`,
    `<tbody>${rows.join('')}</tbody></table></div>`,
  ].join('');
};

const sumOf = (matrix: Confusion['candidate'], at: number): number =>
  matrix.reduce((sum, line) => sum + (line[at] ?? 0), 0);

const cell = (now: number, change: number, right: boolean, total: number): string => {
  const direction = change === 0 ? 'same' : change > 0 === right ? 'better' : 'worse';
  // A change of few rows among thousands must be visible too.
  const shade = change === 0 ? 0 : Math.min(1, 0.25 + (Math.abs(change) / Math.max(total, 1)) * 3);
  return `<td class="${direction}${right ? ' right' : ''}" style="--shade:${amount(shade)}"><strong>${amount(now)}</strong>${change === 0 ? '' : ` <span>${change > 0 ? '+' : '−'}${amount(Math.abs(change))}</span>`}</td>`;
};

/** A sum of weights is not always a whole number. */
const amount = (value: number): string => String(Number(value.toFixed(2)));
