// Bundles the examples into dist/: the page of codegen-apollo for a browser, the two programs for Node.
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { transformAsync } from '@babel/core';
import { build } from 'esbuild';

/** What relay-compiler's users have in Babel, Vite or Next.js: graphql`…` becomes an import of what was generated. */
const relay = {
  name: 'relay',
  setup({ onLoad }) {
    onLoad({ filter: /relay\/src\/\w+\.ts$/ }, async ({ path: filename }) => {
      const options = { eagerEsModules: true, artifactDirectory: path.resolve('relay/src/__generated__') };
      const { code } = await transformAsync(await readFile(filename, 'utf8'), {
        filename,
        configFile: false,
        parserOpts: { plugins: ['typescript'] },
        plugins: [['relay', options]],
      });
      return { contents: code, loader: 'ts' };
    });
  },
};

const common = { bundle: true, outdir: 'dist', logLevel: 'warning', define: { 'process.env.NODE_ENV': '"production"' } };
await Promise.all([
  build({ ...common, entryPoints: { page: 'codegen-apollo/src/page.ts' }, format: 'esm' }),
  build({
    ...common,
    entryPoints: { urql: 'gql-tada-urql/src/main.ts', relay: 'relay/src/main.ts' },
    platform: 'node',
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    plugins: [relay],
  }),
]);
