-- Queries that DuckDB executes, and below each the tables that it reads and its placeholders.

select carrier, dep_delay from flights
-- flights

select * from flights where dep_delay > 10 order by dep_delay desc limit 5
-- flights

from flights
-- flights

from flights select carrier
-- flights

select distinct carrier from flights
-- flights

select count(*) from flights
-- flights

select carrier, count(*) as n from flights group by carrier having count(*) > 1
-- flights

select carrier, avg(dep_delay) from flights group by all order by all
-- flights

select f.carrier, w.temp from flights f join weather w on f.origin = w.origin
-- flights weather

select * from flights natural join weather
-- flights weather

select * from flights join weather using (origin)
-- flights weather

select * from flights left join weather using (origin, day)
-- flights weather

select * from flights full outer join weather on flights.origin = weather.origin
-- flights weather

select * from flights cross join weather
-- flights weather

select * from flights, weather
-- flights weather

select * from flights semi join weather using (origin)
-- flights weather

select * from flights anti join weather using (origin)
-- flights weather

select * from flights asof join weather on flights.origin = weather.origin and flights.day >= weather.day
-- flights weather

select * from flights positional join weather
-- flights weather

select * from (select carrier from flights) as inner_one
-- flights

select * from (from weather)
-- weather

with late as (select * from flights where dep_delay > 10) select carrier from late
-- flights

with a as (select 1 as x), b as (select x + 1 as y from a) select * from b
--

with flights as (select 1 as carrier) select * from flights
--

with recursive steps as (select 1 as n union all select n + 1 from steps where n < 5) select n from steps
--

with late as materialized (select * from flights) select count(*) from late
-- flights

with a(x, y) as (select 1, 2) select x + y from a
--

with outer_one as (with inner_one as (select * from weather) select temp from inner_one) select * from outer_one
-- weather

select (select max(temp) from weather) as hottest from flights
-- weather flights

select * from flights where origin in (select origin from weather where temp > 3)
-- flights weather

select * from flights where exists (select 1 from weather where weather.origin = flights.origin)
-- flights weather

select * from flights where dep_delay > all (select temp from weather)
-- flights weather

select * from flights f where dep_delay > (select avg(dep_delay) from flights g where g.carrier = f.carrier)
-- flights flights

select carrier from flights union select origin from weather
-- flights weather

select carrier from flights union all by name select origin from weather
-- flights weather

select origin from flights intersect select origin from weather
-- flights weather

select origin from flights except select origin from weather
-- flights weather

(select carrier from flights limit 1) union all (select origin from weather limit 1)
-- flights weather

select carrier, row_number() over (partition by origin order by dep_delay) as place from flights
-- flights

select carrier, sum(n) over w as running from flights window w as (partition by carrier order by day)
-- flights

select carrier, lag(dep_delay, 1, 0) over (order by day) from flights
-- flights

select carrier, avg(dep_delay) over (order by day rows between 2 preceding and current row) from flights
-- flights

select carrier, dep_delay from flights qualify row_number() over (partition by carrier order by n) = 1
-- flights

select ntile(4) over (order by dep_delay) as quarter from flights
-- flights

select carrier, rank() over (order by count(*) desc) from flights group by carrier
-- flights

pivot flights on origin using sum(n)
-- flights

pivot flights on origin using sum(n) group by carrier
-- flights

unpivot weather on temp into name name value value
-- weather

select * from (pivot flights on origin using count(*) group by carrier) p
-- flights

from flights pivot (sum(n) for origin in ('EWR', 'JFK'))
-- flights

select * exclude (n) from flights
-- flights

select * replace (dep_delay / 60 as dep_delay) from flights
-- flights

select columns('.*_delay') from flights
-- flights

select min(columns(* exclude (carrier, origin, day))) from flights
-- flights

select * like '%delay' from flights
-- flights

select carrier as "the carrier", dep_delay as "späte Minuten" from flights
-- flights

select "carrier" from "flights"
-- flights

select "a b", "Ünï" from "Odd Table"
-- 'Odd Table'

select count(*) from "Odd Table" as "o t"
-- 'Odd Table'

select '日本' as 日本, 'é' as é from flights
-- flights

select 'it''s' as quoted from flights
-- flights

select $$dollar 'quoted'$$ as text from flights
-- flights

select e'tab\there' as escaped from flights
-- flights

select 1 -- a comment with :nothing
--

select /* block :nothing */ carrier from flights
-- flights

select carrier from flights -- trailing :nothing
-- flights

select carrier from flights;
-- flights

select carrier from flights where dep_delay > :minutes
-- flights; minutes

select :value as value
-- ; value

select :value::integer as value
-- ; value

select carrier from flights where origin = :origin and day between :start and :end
-- flights; origin start end

select carrier from flights where carrier in (:first, :second)
-- flights; first second

select carrier from flights limit :rows
-- flights; rows

select carrier from flights where n > :least and n < :least + 10
-- flights; least

select case when dep_delay > 0 then 'late' when dep_delay < 0 then 'early' else 'on time' end as state from flights
-- flights

select coalesce(dep_delay, 0) as delay, nullif(n, 0) as n from flights
-- flights

select cast(n as varchar) as text, n::double as number, try_cast(carrier as integer) as maybe from flights
-- flights

select carrier || '-' || origin as pair from flights
-- flights

select upper(carrier), length(origin), substr(origin, 1, 2), origin[1] from flights
-- flights

select carrier like 'U%' as is_united, carrier ilike 'u%' as too, origin ~ 'J.K' as matches from flights
-- flights

select regexp_extract(origin, '([A-Z])', 1) as first from flights
-- flights

select date_trunc('month', day) as month, extract(year from day) as year, day + interval 1 month as later from flights
-- flights

select strftime(day, '%Y-%m') as month, date_diff('day', day, current_date) as age from flights
-- flights

select make_date(2013, 1, 1) as day, date '2013-01-01' as same, timestamp '2013-01-01 10:00:00' as moment
--

select list(carrier order by n) as carriers, first(origin), any_value(origin) from flights
-- flights

select array_agg(distinct carrier) as carriers from flights
-- flights

select string_agg(carrier, ', ' order by carrier) as text from flights
-- flights

select unnest([1, 2, 3]) as x
--

select unnest(list(carrier)) as carrier from flights
-- flights

select carrier, x from flights, unnest([1, 2]) as t(x)
-- flights

select f.carrier, l.y from flights f, lateral (select f.n + 1 as y) l
-- flights

select [x * 2 for x in [1, 2, 3] if x > 1] as doubled
--

select list_transform([1, 2], lambda x: x + 1) as more
--

select {'a': 1, 'b': 'two'} as pair, {'a': 1}.a as first
--

select struct_pack(carrier := carrier, n := n) as packed from flights
-- flights

select map {'a': 1} as m, map {'a': 1}['a'] as one
--

select row(1, 'a') as r, (1, 'a') as same
--

select [1, 2, 3][1] as first, [1, 2, 3][1:2] as part
--

select count(*) filter (where dep_delay > 0) as late, sum(n) as n from flights
-- flights

select grouping(carrier) as g, carrier, origin, count(*) from flights group by rollup (carrier, origin)
-- flights

select carrier, origin, count(*) from flights group by cube (carrier, origin)
-- flights

select carrier, origin, count(*) from flights group by grouping sets ((carrier), (origin), ())
-- flights

select quantile_cont(dep_delay, [0.5, 0.9]) as q, median(dep_delay) as m, mode(carrier) as c from flights
-- flights

select arg_max(carrier, dep_delay) as worst, max(dep_delay) as delay from flights
-- flights

select approx_count_distinct(carrier) as n from flights
-- flights

select corr(dep_delay, arr_delay) as r, regr_slope(dep_delay, arr_delay) as s from flights
-- flights

select * from flights tablesample 50%
-- flights

select * from flights using sample 2
-- flights

select * from range(3)
--

select * from generate_series(1, 3) as t(n)
--

select * from (values (1, 'a'), (2, 'b')) as t(n, name)
--

values (1, 'a'), (2, 'b')
--

describe flights
-- flights

summarize flights
-- flights

describe select carrier from flights
-- flights

select typeof(n) as kind, hash(carrier) as h, md5(carrier) as d from flights
-- flights

select carrier from flights order by dep_delay desc nulls last, carrier collate nocase
-- flights

select carrier from flights offset 1 rows fetch next 2 rows only
-- flights

select carrier from flights limit 10%
-- flights

select distinct on (carrier) carrier, day from flights order by carrier, day desc
-- flights

select dep_delay + arr_delay as total, total * 2 as twice from flights
-- flights

select n % 2 = 0 as even, n // 2 as half, n ** 2 as square, -n as minus, ~n as inverted, n & 1 as bit from flights
-- flights

select n between 1 and 10 as some, n is null as none, n is distinct from 3 as other, not (n > 3) as less from flights
-- flights

select true and false or not true as b, 1 <> 2 as ne, 1 != 2 as same
--

select 1e3 as big, .5 as half
--

select current_date as today, now() as moment
--

select greatest(1, 2), least(1, 2), round(1.55, 1), abs(-1), sign(-2)
--

select if(n > 1, 'many', 'one') as word from flights
-- flights

select ifnull(carrier, '') as c, carrier is not null as has from flights
-- flights

select replace(origin, 'E', 'e'), trim(origin), lpad(origin, 5, '.'), split_part(origin, 'W', 1) from flights
-- flights

select json_extract('{"a": 1}', '$.a') as a, '{"a": 2}'::json ->> 'a' as b
--

select flights.carrier from flights
-- flights

select main.flights.carrier from main.flights
--

select memory.main.flights.n from memory.main.flights
--

select flights from flights
-- flights

select f from flights f
-- flights

select count(distinct (carrier, origin)) from flights
-- flights

select max(n) - min(n) as span from flights where n > 0 group by () having count(*) > 0
-- flights

select carrier, n from flights where (carrier, n) in (('UA', 1), ('AA', 2))
-- flights

select * from flights where carrier = any(['UA', 'AA'])
-- flights

select * from flights where day >= '2013-01-01'::date and day < date '2013-02-01'
-- flights

select * from flights f1 join flights f2 on f1.carrier = f2.carrier and f1.n < f2.n
-- flights flights

select t.* from (select carrier, n from flights) t join weather w on true where w.temp is not null
-- flights weather

select count(*) over () as all_rows, * from weather
-- weather

select * from weather where temp > (select avg(temp) from weather) order by 2
-- weather weather

select a.x from (select 1 as x) a join (select 1 as x) b on a.x = b.x
--

select x.carrier from flights as x(carrier, origin)
-- flights

select carrier, sum(case when dep_delay > 15 then 1 else 0 end)::double / count(*) as share from flights group by 1
-- flights

with hot as (select origin, max(temp) as top from weather group by origin), busy as (select origin, count(*) as n from flights group by origin) select b.origin, b.n, h.top from busy b left join hot h using (origin) order by b.n desc
-- weather flights
