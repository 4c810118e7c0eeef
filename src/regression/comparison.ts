export type {
  Better,
  Catch,
  Cell,
  Comparison,
  Dataset,
  Planted,
  RowCounts,
  Ruling,
  SelfTest,
} from '../findings/comparison.ts';
