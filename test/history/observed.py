"""What is in the database when the load is over: tables alone, no function of the
extension but verify_ledger(), whose verdict is taken along, and refresh_demand(),
whose last refresh it looks at."""

import psycopg2


def us(column):
    return f'(extract(epoch from {column}) * 1000000)::bigint'


# Where xmin is read, it is the transaction (or subtransaction) that wrote the row.
QUERIES = {
    'marks': f"SELECT label, answer, {us('pg_xact_commit_timestamp(xmin)')}, xmin::text::bigint FROM history.mark",
    'items': 'SELECT product_id, warehouse_id, quantity_on_hand, quantity_reserved, quantity_available, version FROM inventory.inventory_item',
    'movements': 'SELECT movement_id, product_id, warehouse_id, movement_type::text, quantity, on_hand_after, version, reference_id, '
    f"reservation_id, performed_by, {us('created_at')}, {us('occurred_at')}, {us('pg_xact_commit_timestamp(xmin)')} "
    'FROM inventory.stock_movement',
    'reservations': 'SELECT reservation_id, product_id, warehouse_id, quantity, quantity_fulfilled, status::text, reference_type::text, '
    f"reference_id, {us('created_at')}, {us('expires_at')}, close_reason, created_by, closed_by, "
    f"{us('pg_xact_commit_timestamp(xmin)')} FROM inventory.reservation",
    'purchases': 'SELECT po_id, warehouse_id, status::text, created_by, submitted_by, confirmed_by, cancelled_by FROM inventory.purchase_order',
    'purchase_lines': 'SELECT po_id, line_no, product_id, quantity, quantity_received FROM inventory.purchase_order_line',
    'receipts': 'SELECT po_id, line_no, quantity, movement_id FROM inventory.purchase_receipt',
    'transfers': 'SELECT transfer_id, from_warehouse_id, to_warehouse_id, status::text, created_by, shipped_by, closed_by, cancelled_by '
    'FROM inventory.transfer_order',
    'transfer_lines': 'SELECT transfer_id, line_no, product_id, quantity, quantity_shipped, quantity_received, quantity_lost, '
    'quantity_returned, reservation_id FROM inventory.transfer_order_line',
    'counts': 'SELECT count_id, product_id, warehouse_id, due_on::text, velocity_class, counted_quantity, system_quantity, delta, '
    'movement_id, started_version, superseded_by, started_by, counted_by FROM inventory.cycle_count',
    'notifications': f"SELECT notification_id, po_id, {us('acknowledged_at')} FROM inventory.procurement_notification",
    'ordered': 'SELECT po_id, product_id, warehouse_id, quantity_available, reorder_point, quantity FROM inventory.replenishment_entry '
    "WHERE outcome = 'ORDERED'",
    'demand': 'SELECT product_id, warehouse_id, sum(quantity)::bigint FROM inventory.demand_daily GROUP BY 1, 2',
    'demand_sums': 'SELECT product_id, warehouse_id, quantity::bigint FROM inventory.demand_state',
    'closings': 'SELECT through::text, closed_by, reopened_by FROM inventory.period_closing',
    'jobs': "SELECT name FROM inventory.job WHERE name LIKE 'job %'",
    'keys': 'SELECT key, reservation_ids FROM inventory.idempotency_key',
    'problems': 'SELECT product_id, warehouse_id, problem, expected, actual FROM inventory.verify_ledger()',
}


def read(dsn):
    """{name: rows} under one snapshot."""
    connection = psycopg2.connect(dsn)
    connection.cursor().execute('SELECT inventory.refresh_demand()')
    connection.commit()
    connection.set_session(isolation_level='REPEATABLE READ', readonly=True)
    tables = {}
    for name, query in QUERIES.items():
        cursor = connection.cursor()
        cursor.execute(query)
        tables[name] = cursor.fetchall()
    connection.close()
    return tables
