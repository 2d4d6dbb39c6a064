/** A download in a process of its own, so that it can be killed: `address folder fromMs toMs partBars`. */
import { binance } from '../../../datasets/sources/binance.ts';
import { download } from '../../../datasets/sources/download.ts';
import * as Http from '../../../datasets/sources/http.ts';

const [address = '', folder = '', fromMs = '', toMs = '', partBars = ''] = process.argv.slice(2);
const http = Http.open({ rate: { perSecond: 1e6, burst: 1e6 } });
const request = { asset: 'BTC', quote: 'USDT', stepSeconds: 3600, fromMs: Number(fromMs), toMs: Number(toMs) };
await download(http, binance(address), request, folder, { partBars: Number(partBars) });
