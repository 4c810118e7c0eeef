// Runs before every npm script. Plain JavaScript, so that an old Node can print this message.
const wanted = 24;
const major = Number(process.versions.node.split('.')[0]);
if (major !== wanted) {
  console.error(
    `model-delivery runs on Node ${wanted}, the runtime of its GitHub Actions; this is ${process.version} (${process.execPath}).\n` +
      'Its dev-dependency `node` brings that version: run `npm ci`, then start this through `npm run` or `npx`.\n' +
      'If npm skipped the install script of `node`, allow it: `npm rebuild node` (npm 11: `allowScripts` in package.json).',
  );
  process.exit(1);
}
