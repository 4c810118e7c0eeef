// npm runs this after `npm ci` in a clone, for a git dependency, and before `npm pack`, so that `npx model-delivery` works after each.
import { build, canBuild } from './build.mjs';

if (canBuild()) process.exitCode = build();
else console.error('model-delivery: not built, because the development dependencies are left out');
