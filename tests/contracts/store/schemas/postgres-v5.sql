CREATE TABLE assets_commits (
    writer text NOT NULL,
    number bigint NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE assets_heartbeats (
    run text NOT NULL,
    until timestamp with time zone NOT NULL
);
CREATE TABLE assets_store (
    id integer NOT NULL,
    version integer NOT NULL
);
CREATE TABLE attempts (
    sequence bigint NOT NULL,
    attempt text NOT NULL COLLATE pg_catalog."C",
    run bigint NOT NULL,
    env text NOT NULL COLLATE pg_catalog."C",
    asset text NOT NULL COLLATE pg_catalog."C",
    partition text NOT NULL COLLATE pg_catalog."C",
    fence bigint NOT NULL,
    started text NOT NULL COLLATE pg_catalog."C",
    ended text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    duration_s double precision NOT NULL,
    failure text COLLATE pg_catalog."C",
    log text COLLATE pg_catalog."C"
);
CREATE TABLE cancel_requests (
    sequence bigint NOT NULL,
    run bigint NOT NULL,
    grace_s double precision NOT NULL,
    at text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE candidates (
    env text NOT NULL COLLATE pg_catalog."C",
    asset text NOT NULL COLLATE pg_catalog."C",
    partition text NOT NULL COLLATE pg_catalog."C",
    materialization bigint,
    touched bigint NOT NULL,
    packed bytea NOT NULL
);
CREATE TABLE check_results (
    sequence bigint NOT NULL,
    env text NOT NULL COLLATE pg_catalog."C",
    asset text NOT NULL COLLATE pg_catalog."C",
    partition text NOT NULL COLLATE pg_catalog."C",
    materialization bigint NOT NULL,
    run bigint NOT NULL,
    at text NOT NULL COLLATE pg_catalog."C",
    results text NOT NULL COLLATE pg_catalog."C",
    keep text COLLATE pg_catalog."C"
);
CREATE TABLE chunks (
    env text NOT NULL COLLATE pg_catalog."C",
    asset text NOT NULL COLLATE pg_catalog."C",
    chunk bigint NOT NULL,
    inputs bigint NOT NULL,
    codec text NOT NULL COLLATE pg_catalog."C",
    sequence bigint NOT NULL,
    packed_rows bigint NOT NULL,
    offsets bytea NOT NULL,
    packed bytea NOT NULL
);
CREATE TABLE collected (
    sequence bigint NOT NULL,
    materialization bigint NOT NULL,
    at text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE condemned (
    sequence bigint NOT NULL,
    materialization bigint NOT NULL,
    at text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE counters (
    id integer NOT NULL,
    sequence bigint NOT NULL,
    run bigint NOT NULL,
    fence bigint NOT NULL
);
CREATE TABLE documents (
    digest text NOT NULL COLLATE pg_catalog."C",
    content text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE durations (
    env text NOT NULL COLLATE pg_catalog."C",
    asset text NOT NULL COLLATE pg_catalog."C",
    samples bigint NOT NULL,
    mean_s double precision NOT NULL
);
CREATE TABLE dynamic_partitions (
    sequence bigint NOT NULL,
    env text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    ordinal bigint NOT NULL,
    live integer NOT NULL
);
CREATE TABLE failures (
    env text NOT NULL COLLATE pg_catalog."C",
    asset text NOT NULL COLLATE pg_catalog."C",
    partition text NOT NULL COLLATE pg_catalog."C",
    attempt bigint NOT NULL
);
CREATE TABLE findings (
    sequence bigint NOT NULL,
    env text NOT NULL COLLATE pg_catalog."C",
    asset text NOT NULL COLLATE pg_catalog."C",
    partition text NOT NULL COLLATE pg_catalog."C",
    materialization bigint NOT NULL,
    soundness text NOT NULL COLLATE pg_catalog."C",
    message text NOT NULL COLLATE pg_catalog."C",
    run bigint,
    at text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE leases (
    env text NOT NULL COLLATE pg_catalog."C",
    asset text NOT NULL COLLATE pg_catalog."C",
    partition text NOT NULL COLLATE pg_catalog."C",
    fence bigint NOT NULL,
    attempt text NOT NULL COLLATE pg_catalog."C",
    run text NOT NULL COLLATE pg_catalog."C",
    claim bigint,
    slots text COLLATE pg_catalog."C"
);
CREATE TABLE limited_starts (
    name text NOT NULL COLLATE pg_catalog."C",
    at double precision NOT NULL,
    fence bigint NOT NULL
);
CREATE TABLE materializations (
    number bigint NOT NULL,
    code text NOT NULL COLLATE pg_catalog."C",
    config text NOT NULL COLLATE pg_catalog."C",
    shape text NOT NULL COLLATE pg_catalog."C",
    details text NOT NULL COLLATE pg_catalog."C",
    term bytea NOT NULL,
    created text NOT NULL COLLATE pg_catalog."C",
    deterministic integer NOT NULL
);
CREATE TABLE observations (
    sequence bigint NOT NULL,
    env text NOT NULL COLLATE pg_catalog."C",
    asset text NOT NULL COLLATE pg_catalog."C",
    partition text NOT NULL COLLATE pg_catalog."C",
    token text NOT NULL COLLATE pg_catalog."C",
    version text NOT NULL COLLATE pg_catalog."C",
    at text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE pointer_moves (
    sequence bigint NOT NULL,
    env text NOT NULL COLLATE pg_catalog."C",
    asset text NOT NULL COLLATE pg_catalog."C",
    partition text NOT NULL COLLATE pg_catalog."C",
    materialization bigint,
    reason text NOT NULL COLLATE pg_catalog."C",
    run bigint,
    at text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE pointers (
    env text NOT NULL COLLATE pg_catalog."C",
    asset text NOT NULL COLLATE pg_catalog."C",
    partition text NOT NULL COLLATE pg_catalog."C",
    materialization bigint,
    touched bigint NOT NULL,
    packed bytea NOT NULL
);
CREATE TABLE projections (
    env text NOT NULL COLLATE pg_catalog."C",
    asset text NOT NULL COLLATE pg_catalog."C",
    codec text NOT NULL COLLATE pg_catalog."C",
    sequence bigint NOT NULL,
    packed_rows bigint NOT NULL,
    unknown bigint NOT NULL
);
CREATE TABLE run_ends (
    sequence bigint NOT NULL,
    run bigint NOT NULL,
    status text NOT NULL COLLATE pg_catalog."C",
    ended text NOT NULL COLLATE pg_catalog."C",
    counts text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE runs (
    sequence bigint NOT NULL,
    number bigint NOT NULL,
    run text NOT NULL COLLATE pg_catalog."C",
    env text NOT NULL COLLATE pg_catalog."C",
    started text NOT NULL COLLATE pg_catalog."C",
    now text NOT NULL COLLATE pg_catalog."C",
    options text NOT NULL COLLATE pg_catalog."C",
    retry_of text COLLATE pg_catalog."C"
);
INSERT INTO assets_store VALUES (1, 5);
INSERT INTO attempts VALUES (2, 'attempt-1', 1, 'default', 'days', '2010-01-01', 1, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'materialized', 2, NULL, '"logs/\udcff/call.log"');
INSERT INTO attempts VALUES (4, 'attempt-2', 1, 'default', 'days', '2010-01-02', 2, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'materialized', 2, NULL, '"logs/\udcff/call.log"');
INSERT INTO attempts VALUES (6, 'attempt-3', 1, 'default', 'days', '2010-01-03', 3, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'materialized', 2, NULL, '"logs/\udcff/call.log"');
INSERT INTO attempts VALUES (8, 'attempt-4', 1, 'default', 'days', '2010-01-04', 4, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'materialized', 2, NULL, '"logs/\udcff/call.log"');
INSERT INTO attempts VALUES (10, 'attempt-5', 1, 'default', 'days', '2010-01-05', 5, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'materialized', 2, NULL, '"logs/\udcff/call.log"');
INSERT INTO attempts VALUES (12, 'attempt-6', 1, 'default', 'days', '2010-01-06', 6, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'materialized', 2, NULL, '"logs/\udcff/call.log"');
INSERT INTO attempts VALUES (14, 'attempt-7', 1, 'default', 'days', '2010-01-07', 7, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'materialized', 2, NULL, '"logs/\udcff/call.log"');
INSERT INTO attempts VALUES (16, 'attempt-8', 1, 'default', 'days', '2010-01-08', 8, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'materialized', 2, NULL, '"logs/\udcff/call.log"');
INSERT INTO attempts VALUES (18, 'attempt-9', 1, 'default', 'days', '2010-01-09', 9, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'materialized', 2, NULL, '"logs/\udcff/call.log"');
INSERT INTO attempts VALUES (20, 'attempt-10', 1, 'default', 'days', '2010-01-10', 10, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'materialized', 2, NULL, '"logs/\udcff/call.log"');
INSERT INTO attempts VALUES (22, 'attempt-11', 1, 'default', 'days', '2010-01-11', 11, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'materialized', 2, NULL, '"logs/\udcff/call.log"');
INSERT INTO attempts VALUES (24, 'attempt-12', 1, 'default', 'days', '2010-01-12', 12, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'materialized', 2, NULL, '"logs/\udcff/call.log"');
INSERT INTO attempts VALUES (26, 'attempt-13', 1, 'default', 'days', '2010-01-05', 13, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'materialized', 2, NULL, '"logs/\udcff/call.log"');
INSERT INTO attempts VALUES (28, 'attempt-14', 1, 'default', 'a', '', 14, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'materialized', 2, NULL, '"logs/\udcff/call.log"');
INSERT INTO attempts VALUES (31, 'attempt-15', 1, 'default', 'a', '', 15, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'materialized', 2, NULL, '"logs/\udcff/call.log"');
INSERT INTO attempts VALUES (34, 'attempt-16', 1, 'default', 'b', '', 16, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'rejected', 2, NULL, '"logs/\udcff/call.log"');
INSERT INTO attempts VALUES (41, 'attempt-17', 2, 'default', 'c', '', 17, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'failed', 2, '{"kind":"ValueError","message":"boom \udcff","traceback":"line 1","file":"a.py","line":3,"retryable":true}', '"logs/\udcff/call.log"');
INSERT INTO attempts VALUES (42, 'attempt-19', 1, 'default', 'e', '', 19, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'materialized', 2, NULL, '"logs/\udcff/call.log"');
INSERT INTO attempts VALUES (44, 'attempt-18', 2, 'default', 'e', '', 18, '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:02.123456+00:00', 'superseded', 2, NULL, '"logs/\udcff/call.log"');
INSERT INTO cancel_requests VALUES (52, 1, 2.5, '2026-11-20T17:00:03.123456+00:00');
INSERT INTO candidates VALUES ('default', 'b', '', 34, 35, '\x000000000000000022000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1beee3f2fe0ceb87f440e6ac7d0cd21e1dd20b0ebd2ae2e53c339544932d80c28a50300000000000000ffffffffffffffff000000000000000003000000000000000000000000000000');
INSERT INTO check_results VALUES (29, 'default', 'a', '', 28, 1, '2026-11-20T17:00:02.123456+00:00', '[{"name":"not_null(id)","status":"passed","severity":"error","blocking":true,"version":"10b942172aa3986c50b355ff98cbf92c","count":3,"sample":[{"id":null,"x":Infinity}],"metadata":{"seen":[1,2]},"message":"three rows","scope":"partition","related":[0,0,0]}]', NULL);
INSERT INTO check_results VALUES (33, 'default', 'a', '', 31, 1, '2026-11-20T17:00:00.123456+00:00', '[{"name":"late","status":"passed","severity":"error","blocking":true,"version":"10b942172aa3986c50b355ff98cbf92c","count":3,"sample":[{"id":null,"x":Infinity}],"metadata":{"seen":[1,2]},"message":"three rows","scope":"partition","related":[0,0,0]}]', NULL);
INSERT INTO check_results VALUES (35, 'default', 'b', '', 34, 1, '2026-11-20T17:00:02.123456+00:00', '[{"name":"not_null(id)","status":"failed","severity":"error","blocking":true,"version":"10b942172aa3986c50b355ff98cbf92c","count":3,"sample":[{"id":null,"x":Infinity}],"metadata":{"seen":[1,2]},"message":"three rows","scope":"partition","related":[0,0,0]}]', NULL);
INSERT INTO chunks VALUES ('default', 'days', 14, 1, '58396d4123f9393b3f6df25feaba6051', 27, 11, '\x12011301140115011701180119011a011b011c011d01', '\x030000000000000002000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be693e219e10f5e68799356cda71de53e9000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000050000000000000004000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be089f26996be64e4a903e1859563bac95000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000070000000000000006000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be07c6b13d37cc0fb51de0304104b0fc5e000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000090000000000000008000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be0f0be413402f9be44583649699868f0b000000000000000000000000000000000000000000000000ffffffffffffffff0000000000000000030000000000000000000000000000000d000000000000000c000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1bebcefcd7c3bb100f4ca1831683ffbe0dc000000000000000000000000000000000000000000000000ffffffffffffffff0000000000000000030000000000000000000000000000000f000000000000000e000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1bee96ef0c1960d45dbf2046483c53ea73f000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000110000000000000010000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be5d627f0480cd0c7ca3efc9e0a0b66a6f000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000130000000000000012000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be2320d8341ab0a63b3b7103b1ac91352a000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000150000000000000014000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be4b68d9da9fefe77e096e75b5d29d256b000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000170000000000000016000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be0854994a4452a822cbe24d578bea7ca0000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000190000000000000018000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be45e7365408dc1f328add9f5ddc0cddf9000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000');
INSERT INTO chunks VALUES ('default', 'days', 14, 2, '58396d4123f9393b3f6df25feaba6051', 27, 1, '\x1601', '\x1b000000000000001a000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be922f42e13a72f57d438019f13705ce3a000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000ffffffffffffffff010000000000000003000000000000000100000000000000');
INSERT INTO collected VALUES (51, 28, '2026-11-21T09:00:00+00:00');
INSERT INTO condemned VALUES (50, 28, '2026-11-21T09:00:00+00:00');
INSERT INTO counters VALUES (1, 52, 2, 23);
INSERT INTO documents VALUES ('d1', '"text"');
INSERT INTO durations VALUES ('default', 'a', 2, 2);
INSERT INTO durations VALUES ('default', 'b', 1, 2);
INSERT INTO durations VALUES ('default', 'days', 13, 2);
INSERT INTO durations VALUES ('default', 'e', 1, 2);
INSERT INTO dynamic_partitions VALUES (36, 'default', 'customers', 'x', 0, 1);
INSERT INTO dynamic_partitions VALUES (37, 'default', 'customers', 'y', 1, 1);
INSERT INTO dynamic_partitions VALUES (38, 'default', 'customers', 'z', 2, 1);
INSERT INTO dynamic_partitions VALUES (46, 'default', 'customers', 'y', 1, 0);
INSERT INTO failures VALUES ('default', 'b', '', 34);
INSERT INTO failures VALUES ('default', 'c', '', 41);
INSERT INTO findings VALUES (47, 'default', 'a', '', 31, 'damaged', '"data.parquet has 3 bytes"', NULL, '2026-11-21T09:00:00+00:00');
INSERT INTO findings VALUES (48, 'default', 'a', '', 28, 'missing', '"data.parquet is missing"', 2, '2026-11-21T09:00:00+00:00');
INSERT INTO findings VALUES (49, 'default', 'a', '', 28, 'sound', '""', NULL, '2026-11-21T09:00:00+00:00');
INSERT INTO leases VALUES ('default', 'held', '', 21, 'attempt-21', 'run-2', NULL, NULL);
INSERT INTO leases VALUES ('default', 'pooled', 'x', 22, 'attempt-22', 'run-2', 22, '[["warehouse",2]]');
INSERT INTO leases VALUES ('default', 'pooled', 'y', 23, 'attempt-23', 'run-2', 22, '[["warehouse",2]]');
INSERT INTO limited_starts VALUES ('tag:api=x', 1795194000.25, 22);
INSERT INTO materializations VALUES (2, '3045d21974bb8ba695c5562bd39efceb', '22a7f9614ce9c01479fb17de5d22831b', 'ba3011283e8966daff1375b834c4e1be', '{"inputs":[["up0","0-3",["x"],18446744073709551615,0,3,0]],"written":{"materializer":"parquet","data_version":"86f022940f3dc680a2eeca2167637d86","value_type":"pandas.DataFrame","rows":7,"size":120,"files":[["part.parquet",120,"aae4dec5b4734d5b75e6ffa0683f8e4c"]],"columns":[["x","int64","e4cfd2dc96980b99181e1b8d2ee11a28"]]},"metadata":{"note":"f\u00fcnf \ud83d\ude00","big":10000000000000000000000000000000000000000}}', '\x693e219e10f5e68799356cda71de53e9', '2026-11-20T17:00:00.123456+00:00', 1);
INSERT INTO materializations VALUES (4, '3045d21974bb8ba695c5562bd39efceb', '22a7f9614ce9c01479fb17de5d22831b', 'ba3011283e8966daff1375b834c4e1be', '{"inputs":[["up0","0-3",["x"],18446744073709551615,0,3,0]],"written":{"materializer":"parquet","data_version":"ca9ee6d4083a643a01a2cefef50dd6d9","value_type":"pandas.DataFrame","rows":7,"size":120,"files":[["part.parquet",120,"4f2b63752a8ffc97e35a46a5d4ceabb6"]],"columns":[["x","int64","99b3bec11492cba0f58527c05b504930"]]},"metadata":{"note":"f\u00fcnf \ud83d\ude00","big":10000000000000000000000000000000000000000}}', '\x089f26996be64e4a903e1859563bac95', '2026-11-20T17:00:00.123456+00:00', 1);
INSERT INTO materializations VALUES (6, '3045d21974bb8ba695c5562bd39efceb', '22a7f9614ce9c01479fb17de5d22831b', 'ba3011283e8966daff1375b834c4e1be', '{"inputs":[["up0","0-3",["x"],18446744073709551615,0,3,0]],"written":{"materializer":"parquet","data_version":"e7eda7f89533610accef830c1db0fa05","value_type":"pandas.DataFrame","rows":7,"size":120,"files":[["part.parquet",120,"5133fe8b8aec2ecd98dfff8b2e8d03a0"]],"columns":[["x","int64","cacb5b4068cf355c191e54fdfc568e6e"]]},"metadata":{"note":"f\u00fcnf \ud83d\ude00","big":10000000000000000000000000000000000000000}}', '\x07c6b13d37cc0fb51de0304104b0fc5e', '2026-11-20T17:00:00.123456+00:00', 1);
INSERT INTO materializations VALUES (8, '3045d21974bb8ba695c5562bd39efceb', '22a7f9614ce9c01479fb17de5d22831b', 'ba3011283e8966daff1375b834c4e1be', '{"inputs":[["up0","0-3",["x"],18446744073709551615,0,3,0]],"written":{"materializer":"parquet","data_version":"745eacd1e0b999109774d2bce2adca6a","value_type":"pandas.DataFrame","rows":7,"size":120,"files":[["part.parquet",120,"12943a1589a304bc6dcb9920010ee140"]],"columns":[["x","int64","8c843d8143472bbfa4dc004065ac3e02"]]},"metadata":{"note":"f\u00fcnf \ud83d\ude00","big":10000000000000000000000000000000000000000}}', '\x0f0be413402f9be44583649699868f0b', '2026-11-20T17:00:00.123456+00:00', 1);
INSERT INTO materializations VALUES (10, '3045d21974bb8ba695c5562bd39efceb', '22a7f9614ce9c01479fb17de5d22831b', 'ba3011283e8966daff1375b834c4e1be', '{"inputs":[["up0","0-3",["x"],18446744073709551615,0,3,0]],"written":{"materializer":"parquet","data_version":"51f955caa3d84cf9e01bf5f7c81d1d5b","value_type":"pandas.DataFrame","rows":7,"size":120,"files":[["part.parquet",120,"c83a92cb2da8abb20935328df2364fa5"]],"columns":[["x","int64","778e0c3e7f170bced294f1d7460b7877"]]},"metadata":{"note":"f\u00fcnf \ud83d\ude00","big":10000000000000000000000000000000000000000}}', '\xc7d5fd5b7fcb4e374ce96cbd1e453bc9', '2026-11-20T17:00:00.123456+00:00', 1);
INSERT INTO materializations VALUES (12, '3045d21974bb8ba695c5562bd39efceb', '22a7f9614ce9c01479fb17de5d22831b', 'ba3011283e8966daff1375b834c4e1be', '{"inputs":[["up0","0-3",["x"],18446744073709551615,0,3,0]],"written":{"materializer":"parquet","data_version":"b09f95279633776c4d8f9bc109bb79ed","value_type":"pandas.DataFrame","rows":7,"size":120,"files":[["part.parquet",120,"e823ea5bb3f2d575413e44601a7660ca"]],"columns":[["x","int64","3620b4c293844185e23dedef4133bd35"]]},"metadata":{"note":"f\u00fcnf \ud83d\ude00","big":10000000000000000000000000000000000000000}}', '\xbcefcd7c3bb100f4ca1831683ffbe0dc', '2026-11-20T17:00:00.123456+00:00', 1);
INSERT INTO materializations VALUES (14, '3045d21974bb8ba695c5562bd39efceb', '22a7f9614ce9c01479fb17de5d22831b', 'ba3011283e8966daff1375b834c4e1be', '{"inputs":[["up0","0-3",["x"],18446744073709551615,0,3,0]],"written":{"materializer":"parquet","data_version":"1a29da47e828cadcd34905f8a279d060","value_type":"pandas.DataFrame","rows":7,"size":120,"files":[["part.parquet",120,"f9809273cf9a4809e08781dcb1cc4224"]],"columns":[["x","int64","4dedbaf9e153930bd18d6abbfc9307c9"]]},"metadata":{"note":"f\u00fcnf \ud83d\ude00","big":10000000000000000000000000000000000000000}}', '\xe96ef0c1960d45dbf2046483c53ea73f', '2026-11-20T17:00:00.123456+00:00', 1);
INSERT INTO materializations VALUES (16, '3045d21974bb8ba695c5562bd39efceb', '22a7f9614ce9c01479fb17de5d22831b', 'ba3011283e8966daff1375b834c4e1be', '{"inputs":[["up0","0-3",["x"],18446744073709551615,0,3,0]],"written":{"materializer":"parquet","data_version":"44cc2efd33bbc57ed76c72d7f5f50a5b","value_type":"pandas.DataFrame","rows":7,"size":120,"files":[["part.parquet",120,"e4b8ab381fe9ff62de32cbdc99ce19a6"]],"columns":[["x","int64","1777da9735431eda5071eb117a9131f4"]]},"metadata":{"note":"f\u00fcnf \ud83d\ude00","big":10000000000000000000000000000000000000000}}', '\x5d627f0480cd0c7ca3efc9e0a0b66a6f', '2026-11-20T17:00:00.123456+00:00', 1);
INSERT INTO materializations VALUES (18, '3045d21974bb8ba695c5562bd39efceb', '22a7f9614ce9c01479fb17de5d22831b', 'ba3011283e8966daff1375b834c4e1be', '{"inputs":[["up0","0-3",["x"],18446744073709551615,0,3,0]],"written":{"materializer":"parquet","data_version":"9e4fb2496982d55022eda5f0f34a2d89","value_type":"pandas.DataFrame","rows":7,"size":120,"files":[["part.parquet",120,"82fbf9d13dc17739baba5bdd8f58e089"]],"columns":[["x","int64","672d934687aeb29d9dc97a3972d2d9a7"]]},"metadata":{"note":"f\u00fcnf \ud83d\ude00","big":10000000000000000000000000000000000000000}}', '\x2320d8341ab0a63b3b7103b1ac91352a', '2026-11-20T17:00:00.123456+00:00', 1);
INSERT INTO materializations VALUES (20, '3045d21974bb8ba695c5562bd39efceb', '22a7f9614ce9c01479fb17de5d22831b', 'ba3011283e8966daff1375b834c4e1be', '{"inputs":[["up0","0-3",["x"],18446744073709551615,0,3,0]],"written":{"materializer":"parquet","data_version":"56db5ec40045b5835c971767843bf34f","value_type":"pandas.DataFrame","rows":7,"size":120,"files":[["part.parquet",120,"6ac92e05ceb187b7b8f563e4824df53a"]],"columns":[["x","int64","b528701dfbb2c3b183c49e11662f5661"]]},"metadata":{"note":"f\u00fcnf \ud83d\ude00","big":10000000000000000000000000000000000000000}}', '\x4b68d9da9fefe77e096e75b5d29d256b', '2026-11-20T17:00:00.123456+00:00', 1);
INSERT INTO materializations VALUES (22, '3045d21974bb8ba695c5562bd39efceb', '22a7f9614ce9c01479fb17de5d22831b', 'ba3011283e8966daff1375b834c4e1be', '{"inputs":[["up0","0-3",["x"],18446744073709551615,0,3,0]],"written":{"materializer":"parquet","data_version":"58dd1f78748c52ca38165648110fb221","value_type":"pandas.DataFrame","rows":7,"size":120,"files":[["part.parquet",120,"8ac7caf8b9ef00a87fced210d62b079f"]],"columns":[["x","int64","fb96dccd5b215d39283431f2c545b113"]]},"metadata":{"note":"f\u00fcnf \ud83d\ude00","big":10000000000000000000000000000000000000000}}', '\x0854994a4452a822cbe24d578bea7ca0', '2026-11-20T17:00:00.123456+00:00', 1);
INSERT INTO materializations VALUES (24, '3045d21974bb8ba695c5562bd39efceb', '22a7f9614ce9c01479fb17de5d22831b', 'ba3011283e8966daff1375b834c4e1be', '{"inputs":[["up0","0-3",["x"],18446744073709551615,0,3,0]],"written":{"materializer":"parquet","data_version":"9b6cd0c6f5ae69044224b41c30c3b2dc","value_type":"pandas.DataFrame","rows":7,"size":120,"files":[["part.parquet",120,"d91bcb8772dd36425a1bb7ecaf5c68ba"]],"columns":[["x","int64","ef3926304eb4a2754492660823c56ef8"]]},"metadata":{"note":"f\u00fcnf \ud83d\ude00","big":10000000000000000000000000000000000000000}}', '\x45e7365408dc1f328add9f5ddc0cddf9', '2026-11-20T17:00:00.123456+00:00', 1);
INSERT INTO materializations VALUES (26, '3045d21974bb8ba695c5562bd39efceb', '22a7f9614ce9c01479fb17de5d22831b', 'ba3011283e8966daff1375b834c4e1be', '{"inputs":[["up0","0-3",["x"],18446744073709551615,0,3,0],["up1","0-3",["x"],18446744073709551615,1,3,1]],"written":{"materializer":"parquet","data_version":"4f5ec14fdc2cc0afb27ed389c1ec5251","value_type":"pandas.DataFrame","rows":7,"size":120,"files":[["part.parquet",120,"6dca256b1d7eab95b4e5874622d37bf5"]],"columns":[["x","int64","7c02388f074af6000610fbafcdce9634"]]},"metadata":{"note":"f\u00fcnf \ud83d\ude00","big":10000000000000000000000000000000000000000}}', '\x922f42e13a72f57d438019f13705ce3a', '2026-11-20T17:00:00.123456+00:00', 1);
INSERT INTO materializations VALUES (28, '3045d21974bb8ba695c5562bd39efceb', '22a7f9614ce9c01479fb17de5d22831b', 'ba3011283e8966daff1375b834c4e1be', '{"inputs":[["up0","0-3",["x"],18446744073709551615,0,3,0]],"written":{"materializer":"parquet","data_version":"10b942172aa3986c50b355ff98cbf92c","value_type":"pandas.DataFrame","rows":7,"size":120,"files":[["part.parquet",120,"586f031efc952adc00c872862cde5737"]],"columns":[["x","int64","377881b75d228dc1821fb7ea1f668015"]]},"metadata":{"note":"f\u00fcnf \ud83d\ude00","big":10000000000000000000000000000000000000000}}', '\x6502c42d1aa5b7d6ea91e516104171f0', '2026-11-20T17:00:00.123456+00:00', 1);
INSERT INTO materializations VALUES (31, '3045d21974bb8ba695c5562bd39efceb', '22a7f9614ce9c01479fb17de5d22831b', 'ba3011283e8966daff1375b834c4e1be', '{"inputs":[["up0","0-3",["x"],18446744073709551615,0,3,0]],"written":{"materializer":"parquet","data_version":"97a4ca97ef9bb9820a41b0828f0c6be1","value_type":"pandas.DataFrame","rows":7,"size":120,"files":[["part.parquet",120,"ac122719371cdf7f9983e34fbd23fcdd"]],"columns":[["x","int64","5d7a22727c287d4afcaaec57a4fae930"]]},"metadata":{"note":"f\u00fcnf \ud83d\ude00","big":10000000000000000000000000000000000000000}}', '\x5fe292132d3a05bac70b22c87ccef096', '2026-11-20T17:00:00.123456+00:00', 1);
INSERT INTO materializations VALUES (34, '3045d21974bb8ba695c5562bd39efceb', '22a7f9614ce9c01479fb17de5d22831b', 'ba3011283e8966daff1375b834c4e1be', '{"inputs":[["up0","0-3",["x"],18446744073709551615,0,3,0]],"written":{"materializer":"parquet","data_version":"8c001f0a450440b96a03103b82d4b36c","value_type":"pandas.DataFrame","rows":7,"size":120,"files":[["part.parquet",120,"a84c1505b2677372ccfbef17bb797eb4"]],"columns":[["x","int64","9aed515bde80ac44055f56d79b242ce8"]]},"metadata":{"note":"f\u00fcnf \ud83d\ude00","big":10000000000000000000000000000000000000000}}', '\xee3f2fe0ceb87f440e6ac7d0cd21e1dd', '2026-11-20T17:00:00.123456+00:00', 1);
INSERT INTO materializations VALUES (42, '3045d21974bb8ba695c5562bd39efceb', '22a7f9614ce9c01479fb17de5d22831b', 'ba3011283e8966daff1375b834c4e1be', '{"inputs":[["up0","0-3",["x"],18446744073709551615,0,3,0]],"written":{"materializer":"parquet","data_version":"4092740d459cb301085bf79b7fdec97d","value_type":"pandas.DataFrame","rows":7,"size":120,"files":[["part.parquet",120,"624f64b3960424dbe1197319528fc22b"]],"columns":[["x","int64","6f88c3be0d71d1140376624a47f18294"]]},"metadata":{"note":"f\u00fcnf \ud83d\ude00","big":10000000000000000000000000000000000000000}}', '\xe2a6453af7525608ddd1fff5b2911a6c', '2026-11-20T17:00:00.123456+00:00', 1);
INSERT INTO observations VALUES (39, 'default', 'source', '', '"token"', '4dd755f9c457dc5385986a900e10568c', '2026-11-20T17:00:00.123456+00:00');
INSERT INTO pointer_moves VALUES (3, 'default', 'days', '2010-01-01', 2, 'published', 1, '2026-11-20T17:00:00.123456+00:00');
INSERT INTO pointer_moves VALUES (5, 'default', 'days', '2010-01-02', 4, 'published', 1, '2026-11-20T17:00:00.123456+00:00');
INSERT INTO pointer_moves VALUES (7, 'default', 'days', '2010-01-03', 6, 'published', 1, '2026-11-20T17:00:00.123456+00:00');
INSERT INTO pointer_moves VALUES (9, 'default', 'days', '2010-01-04', 8, 'published', 1, '2026-11-20T17:00:00.123456+00:00');
INSERT INTO pointer_moves VALUES (11, 'default', 'days', '2010-01-05', 10, 'published', 1, '2026-11-20T17:00:00.123456+00:00');
INSERT INTO pointer_moves VALUES (13, 'default', 'days', '2010-01-06', 12, 'published', 1, '2026-11-20T17:00:00.123456+00:00');
INSERT INTO pointer_moves VALUES (15, 'default', 'days', '2010-01-07', 14, 'published', 1, '2026-11-20T17:00:00.123456+00:00');
INSERT INTO pointer_moves VALUES (17, 'default', 'days', '2010-01-08', 16, 'published', 1, '2026-11-20T17:00:00.123456+00:00');
INSERT INTO pointer_moves VALUES (19, 'default', 'days', '2010-01-09', 18, 'published', 1, '2026-11-20T17:00:00.123456+00:00');
INSERT INTO pointer_moves VALUES (21, 'default', 'days', '2010-01-10', 20, 'published', 1, '2026-11-20T17:00:00.123456+00:00');
INSERT INTO pointer_moves VALUES (23, 'default', 'days', '2010-01-11', 22, 'published', 1, '2026-11-20T17:00:00.123456+00:00');
INSERT INTO pointer_moves VALUES (25, 'default', 'days', '2010-01-12', 24, 'published', 1, '2026-11-20T17:00:00.123456+00:00');
INSERT INTO pointer_moves VALUES (27, 'default', 'days', '2010-01-05', 26, 'published', 1, '2026-11-20T17:00:00.123456+00:00');
INSERT INTO pointer_moves VALUES (30, 'default', 'a', '', 28, 'published', 1, '2026-11-20T17:00:00.123456+00:00');
INSERT INTO pointer_moves VALUES (32, 'default', 'a', '', 31, 'published', 1, '2026-11-20T17:00:00.123456+00:00');
INSERT INTO pointer_moves VALUES (43, 'default', 'e', '', 42, 'published', 1, '2026-11-20T17:00:00.123456+00:00');
INSERT INTO pointers VALUES ('default', 'a', '', 31, 47, '\x20000000000000001f000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be5fe292132d3a05bac70b22c87ccef09632f72c3b264eeed5baa5473bdd58362c1000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000');
INSERT INTO pointers VALUES ('default', 'days', '2010-01-01', 2, 3, '\x030000000000000002000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be693e219e10f5e68799356cda71de53e9000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000');
INSERT INTO pointers VALUES ('default', 'days', '2010-01-02', 4, 5, '\x050000000000000004000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be089f26996be64e4a903e1859563bac95000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000');
INSERT INTO pointers VALUES ('default', 'days', '2010-01-03', 6, 7, '\x070000000000000006000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be07c6b13d37cc0fb51de0304104b0fc5e000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000');
INSERT INTO pointers VALUES ('default', 'days', '2010-01-04', 8, 9, '\x090000000000000008000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be0f0be413402f9be44583649699868f0b000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000');
INSERT INTO pointers VALUES ('default', 'days', '2010-01-05', 26, 27, '\x1b000000000000001a000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be922f42e13a72f57d438019f13705ce3a000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000ffffffffffffffff010000000000000003000000000000000100000000000000');
INSERT INTO pointers VALUES ('default', 'days', '2010-01-06', 12, 13, '\x0d000000000000000c000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1bebcefcd7c3bb100f4ca1831683ffbe0dc000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000');
INSERT INTO pointers VALUES ('default', 'days', '2010-01-07', 14, 15, '\x0f000000000000000e000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1bee96ef0c1960d45dbf2046483c53ea73f000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000');
INSERT INTO pointers VALUES ('default', 'days', '2010-01-08', 16, 17, '\x110000000000000010000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be5d627f0480cd0c7ca3efc9e0a0b66a6f000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000');
INSERT INTO pointers VALUES ('default', 'days', '2010-01-09', 18, 19, '\x130000000000000012000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be2320d8341ab0a63b3b7103b1ac91352a000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000');
INSERT INTO pointers VALUES ('default', 'days', '2010-01-10', 20, 21, '\x150000000000000014000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be4b68d9da9fefe77e096e75b5d29d256b000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000');
INSERT INTO pointers VALUES ('default', 'days', '2010-01-11', 22, 23, '\x170000000000000016000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be0854994a4452a822cbe24d578bea7ca0000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000');
INSERT INTO pointers VALUES ('default', 'days', '2010-01-12', 24, 25, '\x190000000000000018000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1be45e7365408dc1f328add9f5ddc0cddf9000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000');
INSERT INTO pointers VALUES ('default', 'e', '', 42, 43, '\x2b000000000000002a000000000000003045d21974bb8ba695c5562bd39efceb22a7f9614ce9c01479fb17de5d22831bba3011283e8966daff1375b834c4e1bee2a6453af7525608ddd1fff5b2911a6c000000000000000000000000000000000000000000000000ffffffffffffffff000000000000000003000000000000000000000000000000');
INSERT INTO projections VALUES ('default', 'days', '58396d4123f9393b3f6df25feaba6051', 27, 12, 0);
INSERT INTO run_ends VALUES (45, 1, 'succeeded', '2026-11-20T17:00:05.123456+00:00', '{"materialized":1}');
INSERT INTO runs VALUES (1, 1, 'run-1', 'default', '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:00.123456+00:00', '{"select":["a"]}', NULL);
INSERT INTO runs VALUES (40, 2, 'run-2', 'default', '2026-11-20T17:00:00.123456+00:00', '2026-11-20T17:00:00.123456+00:00', '{"select":["a"]}', NULL);
ALTER TABLE ONLY assets_commits
    ADD CONSTRAINT assets_commits_pkey PRIMARY KEY (writer);
ALTER TABLE ONLY assets_heartbeats
    ADD CONSTRAINT assets_heartbeats_pkey PRIMARY KEY (run);
ALTER TABLE ONLY assets_store
    ADD CONSTRAINT assets_store_pkey PRIMARY KEY (id);
ALTER TABLE ONLY attempts
    ADD CONSTRAINT attempts_attempt_key UNIQUE (attempt);
ALTER TABLE ONLY attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (sequence);
ALTER TABLE ONLY cancel_requests
    ADD CONSTRAINT cancel_requests_pkey PRIMARY KEY (sequence);
ALTER TABLE ONLY candidates
    ADD CONSTRAINT candidates_pkey PRIMARY KEY (env, asset, partition);
ALTER TABLE ONLY check_results
    ADD CONSTRAINT check_results_pkey PRIMARY KEY (sequence);
ALTER TABLE ONLY chunks
    ADD CONSTRAINT chunks_pkey PRIMARY KEY (env, asset, chunk, inputs);
ALTER TABLE ONLY collected
    ADD CONSTRAINT collected_materialization_key UNIQUE (materialization);
ALTER TABLE ONLY collected
    ADD CONSTRAINT collected_pkey PRIMARY KEY (sequence);
ALTER TABLE ONLY condemned
    ADD CONSTRAINT condemned_materialization_key UNIQUE (materialization);
ALTER TABLE ONLY condemned
    ADD CONSTRAINT condemned_pkey PRIMARY KEY (sequence);
ALTER TABLE ONLY counters
    ADD CONSTRAINT counters_pkey PRIMARY KEY (id);
ALTER TABLE ONLY documents
    ADD CONSTRAINT documents_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY durations
    ADD CONSTRAINT durations_pkey PRIMARY KEY (env, asset);
ALTER TABLE ONLY dynamic_partitions
    ADD CONSTRAINT dynamic_partitions_pkey PRIMARY KEY (sequence);
ALTER TABLE ONLY failures
    ADD CONSTRAINT failures_pkey PRIMARY KEY (env, asset, partition);
ALTER TABLE ONLY findings
    ADD CONSTRAINT findings_pkey PRIMARY KEY (sequence);
ALTER TABLE ONLY leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (env, asset, partition);
ALTER TABLE ONLY limited_starts
    ADD CONSTRAINT limited_starts_pkey PRIMARY KEY (name, at, fence);
ALTER TABLE ONLY materializations
    ADD CONSTRAINT materializations_pkey PRIMARY KEY (number);
ALTER TABLE ONLY observations
    ADD CONSTRAINT observations_pkey PRIMARY KEY (sequence);
ALTER TABLE ONLY pointer_moves
    ADD CONSTRAINT pointer_moves_pkey PRIMARY KEY (sequence);
ALTER TABLE ONLY pointers
    ADD CONSTRAINT pointers_pkey PRIMARY KEY (env, asset, partition);
ALTER TABLE ONLY projections
    ADD CONSTRAINT projections_pkey PRIMARY KEY (env, asset);
ALTER TABLE ONLY run_ends
    ADD CONSTRAINT run_ends_pkey PRIMARY KEY (sequence);
ALTER TABLE ONLY run_ends
    ADD CONSTRAINT run_ends_run_key UNIQUE (run);
ALTER TABLE ONLY runs
    ADD CONSTRAINT runs_number_key UNIQUE (number);
ALTER TABLE ONLY runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (sequence);
ALTER TABLE ONLY runs
    ADD CONSTRAINT runs_run_key UNIQUE (run);
CREATE INDEX attempts_of_asset ON attempts USING btree (env, asset);
CREATE INDEX cancel_requests_of_run ON cancel_requests USING btree (run);
CREATE INDEX check_results_of_asset ON check_results USING btree (env, asset);
CREATE INDEX check_results_of_version ON check_results USING btree (materialization);
CREATE INDEX dynamic_partitions_of_env ON dynamic_partitions USING btree (env, name);
CREATE INDEX findings_of_version ON findings USING btree (materialization);
CREATE INDEX leases_of_run ON leases USING btree (run);
CREATE INDEX observations_of_partition ON observations USING btree (env, asset, partition);
CREATE INDEX pointer_moves_of_asset ON pointer_moves USING btree (env, asset);
CREATE INDEX pointers_touched ON pointers USING btree (env, asset, touched);
ALTER TABLE ONLY attempts
    ADD CONSTRAINT attempts_run_fkey FOREIGN KEY (run) REFERENCES runs(number);
ALTER TABLE ONLY cancel_requests
    ADD CONSTRAINT cancel_requests_run_fkey FOREIGN KEY (run) REFERENCES runs(number);
ALTER TABLE ONLY candidates
    ADD CONSTRAINT candidates_materialization_fkey FOREIGN KEY (materialization) REFERENCES materializations(number);
ALTER TABLE ONLY check_results
    ADD CONSTRAINT check_results_materialization_fkey FOREIGN KEY (materialization) REFERENCES materializations(number);
ALTER TABLE ONLY check_results
    ADD CONSTRAINT check_results_run_fkey FOREIGN KEY (run) REFERENCES runs(number);
ALTER TABLE ONLY collected
    ADD CONSTRAINT collected_materialization_fkey FOREIGN KEY (materialization) REFERENCES condemned(materialization);
ALTER TABLE ONLY condemned
    ADD CONSTRAINT condemned_materialization_fkey FOREIGN KEY (materialization) REFERENCES materializations(number);
ALTER TABLE ONLY failures
    ADD CONSTRAINT failures_attempt_fkey FOREIGN KEY (attempt) REFERENCES attempts(sequence);
ALTER TABLE ONLY findings
    ADD CONSTRAINT findings_materialization_fkey FOREIGN KEY (materialization) REFERENCES materializations(number);
ALTER TABLE ONLY findings
    ADD CONSTRAINT findings_run_fkey FOREIGN KEY (run) REFERENCES runs(number);
ALTER TABLE ONLY materializations
    ADD CONSTRAINT materializations_number_fkey FOREIGN KEY (number) REFERENCES attempts(sequence);
ALTER TABLE ONLY pointer_moves
    ADD CONSTRAINT pointer_moves_materialization_fkey FOREIGN KEY (materialization) REFERENCES materializations(number);
ALTER TABLE ONLY pointer_moves
    ADD CONSTRAINT pointer_moves_run_fkey FOREIGN KEY (run) REFERENCES runs(number);
ALTER TABLE ONLY pointers
    ADD CONSTRAINT pointers_materialization_fkey FOREIGN KEY (materialization) REFERENCES materializations(number);
ALTER TABLE ONLY run_ends
    ADD CONSTRAINT run_ends_run_fkey FOREIGN KEY (run) REFERENCES runs(number);
