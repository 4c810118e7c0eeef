export type {
  Better,
  Cell,
  Comparison,
  Dataset,
  Planted,
  RowCounts,
  Ruling,
  SelfTest,
} from '../findings/comparison.ts';
