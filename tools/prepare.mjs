// npm runs this after `npm ci` in a clone, for a git dependency, and before `npm pack`, so that `npx model-delivery` works after each.
import { build, canBuild } from './build.mjs';

const packs = ['pack', 'publish'].includes(process.env.npm_command ?? '');
const built = canBuild() && build() === 0;
if (!built) {
  console.error(
    canBuild()
      ? 'model-delivery: not built, because the sources do not compile; `npm run build` shows the errors again'
      : 'model-delivery: not built, because the development dependencies are missing',
  );
  // A developer who installs to repair the sources needs the tools; a package without its command line is useless.
  if (packs) process.exitCode = 1;
}
