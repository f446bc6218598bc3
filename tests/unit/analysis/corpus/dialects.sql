-- Queries in the dialects of databases: above each its dialect, below it the tables that it reads.

-- postgres
select a ->> 'x' as x from (select '{}'::jsonb as a) t where a @> '{}'
--

-- postgres
select * from flights where carrier ilike any (array['U%', 'A%'])
-- flights

-- postgres
select generate_series(1, 3) as n
--

-- postgres
select distinct on (carrier) carrier, day from flights order by carrier, day desc
-- flights

-- postgres
select to_char(day, 'YYYY-MM') as month from flights
-- flights

-- postgres
select * from flights where day > now() - interval '1 month'
-- flights

-- postgres
with x as (select 1 as n) select n::text from x
--

-- postgres
select string_agg(carrier, ',' order by carrier) from flights
-- flights

-- postgres
select * from jsonb_to_recordset('[]') as t(a int, b text)
--

-- postgres
select (array[1,2,3])[1] as first
--

-- postgres
select * from flights for update
-- flights

-- mysql
select `carrier`, `dep_delay` from `flights` limit 5, 10
-- flights

-- mysql
select ifnull(carrier, '') from flights
-- flights

-- mysql
select date_format(day, '%Y-%m') as month from flights
-- flights

-- mysql
select group_concat(carrier order by carrier separator ',') from flights
-- flights

-- mysql
select * from flights where carrier regexp '^U'
-- flights

-- mysql
select straight_join f.carrier from flights f join weather w on f.origin = w.origin
-- flights weather

-- mysql
select if(n > 1, 'a', 'b') from flights
-- flights

-- sqlite
select strftime('%Y', day) as year from flights
-- flights

-- sqlite
select [carrier] from [flights]
-- flights

-- sqlite
select carrier from flights where carrier glob 'U*'
-- flights

-- sqlite
select total(n), group_concat(carrier, ',') from flights
-- flights

-- sqlite
select * from flights where rowid = 1
-- flights
