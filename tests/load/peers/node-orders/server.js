'use strict';

// Orders as they are taken without an event store: Express, mysql2 and Socket.IO. One transaction inserts the
// order and a row of an outbox; then the order is emitted to the room of its restaurant. Nothing is promised to
// whoever sends a request twice, and a console that was away asks the API anew.
//
// Settings: PORT, DATABASE_HOST, DATABASE_PORT, DATABASE, JWT_SECRET; WORKERS (1), POOL (32, for all workers together),
// RECOVERY (milliseconds for which Socket.IO remembers what a lost connection has missed; none).

const cluster = require('node:cluster');
const http = require('node:http');
const { randomUUID } = require('node:crypto');
const express = require('express');
const jwt = require('jsonwebtoken');
const mysql = require('mysql2/promise');
const { Server } = require('socket.io');
const { createAdapter, setupPrimary } = require('@socket.io/cluster-adapter');

const workers = Number(process.env.WORKERS ?? 1);
const secret = process.env.JWT_SECRET;

const INSERT_ORDER =
  'INSERT INTO orders (id, restaurant_id, session_id, diner_id, code, note, `lines`, total, tax, placed_at) ' +
  'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
const INSERT_OUTBOX = 'INSERT INTO outbox (restaurant_id, order_id, type, payload) VALUES (?, ?, ?, ?)';
const LINES_MAX = 50;

async function connect() {
  const pool = mysql.createPool({
    host: process.env.DATABASE_HOST,
    port: Number(process.env.DATABASE_PORT),
    user: 'root',
    database: process.env.DATABASE,
    connectionLimit: Math.ceil(Number(process.env.POOL ?? 32) / workers),
    supportBigNumbers: true,
  });
  const [items] = await pool.execute('SELECT id, restaurant_id, name, price, tax_rate_bp, station FROM menu_items');
  const menu = new Map(items.map((item) => [`${item.restaurant_id}/${item.id}`, item]));
  return { pool, menu };
}

function authenticate(request, response, next) {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  try {
    if (scheme !== 'Bearer') throw new Error('no token');
    request.guest = jwt.verify(token, secret, { algorithms: ['HS256'] });
  } catch {
    return response.status(401).json({ code: 'token-invalid' });
  }
  if (request.guest.restaurant_id !== request.params.restaurant) return response.status(404).json({ code: 'not-found' });
  return next();
}

/** The order with prices, names and tax of the menu; undefined where the body is not an order. */
function priced(menu, restaurant, guest, body) {
  const { session_id: session, note = null, lines } = body ?? {};
  if (session !== guest.session_id || !Array.isArray(lines) || lines.length < 1 || lines.length > LINES_MAX) return undefined;
  const id = randomUUID();
  const order = {
    order_id: id, session_id: session, diner_id: guest.sub, table_label: guest.table_label,
    code: id.slice(0, 4).toUpperCase(), note, lines: [], total: 0, tax: 0,
  };
  for (const { item_id: wanted, quantity, note: wish = null } of lines) {
    const item = menu.get(`${restaurant}/${wanted}`);
    if (!item || !Number.isInteger(quantity) || quantity < 1 || quantity > 99) return undefined;
    const lineTotal = item.price * quantity;
    const lineTax = Math.round(lineTotal - lineTotal / (1 + item.tax_rate_bp / 10000));
    order.lines.push({
      line_id: randomUUID(), item_id: wanted, name: item.name, quantity,
      unit_price: { amount: item.price, currency: 'EUR' }, tax_rate_bp: item.tax_rate_bp,
      line_total: { amount: lineTotal, currency: 'EUR' }, line_tax: { amount: lineTax, currency: 'EUR' },
      station: item.station, note: wish,
    });
    order.total += lineTotal;
    order.tax += lineTax;
  }
  return order;
}

async function store(pool, restaurant, order) {
  const connection = await pool.getConnection();
  try {
    await connection.beginTransaction();
    await connection.execute(INSERT_ORDER, [
      order.order_id, restaurant, order.session_id, order.diner_id, order.code, order.note,
      JSON.stringify(order.lines), order.total, order.tax, new Date(),
    ]);
    await connection.execute(INSERT_OUTBOX, [restaurant, order.order_id, 'order.placed', JSON.stringify(order)]);
    await connection.commit();
  } catch (error) {
    await connection.rollback();
    throw error;
  } finally {
    connection.release();
  }
}

async function serve() {
  const { pool, menu } = await connect();
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const server = http.createServer({ keepAliveTimeout: 60_000 }, app);
  const recovery = Number(process.env.RECOVERY ?? 0);
  const io = new Server(server, {
    transports: ['websocket'],
    perMessageDeflate: false,
    ...(workers > 1 ? { adapter: createAdapter() } : {}),
    ...(recovery ? { connectionStateRecovery: { maxDisconnectionDuration: recovery, skipMiddlewares: true } } : {}),
  });

  app.get('/readyz', (_, response) => response.json({ ready: true }));
  app.post('/v1/restaurants/:restaurant/orders', authenticate, express.json({ limit: '64kb' }), async (request, response) => {
    const { restaurant } = request.params;
    const order = priced(menu, restaurant, request.guest, request.body);
    if (!order) return response.status(400).json({ code: 'invalid-field' });
    await store(pool, restaurant, order);
    io.to(restaurant).emit('order', order);
    return response
      .status(201)
      .location(`/v1/restaurants/${restaurant}/orders/${order.order_id}`)
      .json({
        id: order.order_id, code: order.code, total: order.total, tax: order.tax,
        lines: order.lines.map(({ line_id, item_id }) => ({ line_id, item_id })),
      });
  });
  app.use((error, _request, response, _next) => {
    console.error(error);
    response.status(error.status ?? 500).json({ code: 'internal' });
  });

  io.use((socket, next) => {
    try {
      socket.data.staff = jwt.verify(socket.handshake.auth.token, secret, { algorithms: ['HS256'] });
      next();
    } catch {
      next(new Error('token-invalid'));
    }
  });
  io.on('connection', (socket) => {
    if (!socket.recovered) socket.join(socket.data.staff.restaurant_id);
  });
  server.listen(Number(process.env.PORT), '127.0.0.1', 4096);
}

if (workers > 1 && cluster.isPrimary) {
  setupPrimary();
  for (let worker = 0; worker < workers; worker++) cluster.fork();
  cluster.on('exit', () => process.exit(1));
} else {
  serve().catch((error) => {
    console.error(error);
    process.exit(1);
  });
}

// Whoever started this may be killed: with it goes the pipe.
if (cluster.isPrimary) process.stdin.on('end', () => process.exit(0)).resume();
