/** Entry: the kept theme first, so that nothing flashes, then the page. */
import { render } from 'preact';
import '@fontsource/barlow-semi-condensed/latin-400.css';
import '@fontsource/barlow-semi-condensed/latin-600.css';
import 'uplot/dist/uPlot.min.css';
import './page.css';
import { App } from './app.tsx';
import { apply, current } from './theme.ts';

apply(current());
const root = document.getElementById('page');
if (root !== null) render(<App />, root);
