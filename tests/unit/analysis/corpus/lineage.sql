-- Queries over three tables, and below each its output columns with the columns they are made of.
-- flights(carrier string, origin string, dep_delay double, arr_delay double, day date, n int64)
-- weather(origin string, temp double, day date)
-- "Odd Table"("a b" int64, "Ünï" string)

select carrier, dep_delay from flights
-- carrier: flights.carrier
-- dep_delay: flights.dep_delay

select * from weather
-- origin: weather.origin
-- temp: weather.temp
-- day: weather.day

from weather
-- origin: weather.origin
-- temp: weather.temp
-- day: weather.day

select dep_delay + arr_delay as total, 1 as one from flights
-- total: flights.dep_delay flights.arr_delay
-- one:

select carrier, avg(dep_delay) as late, count(*) as n from flights group by carrier
-- carrier: flights.carrier
-- late: flights.dep_delay
-- n:

select f.carrier, w.temp from flights f join weather w on f.origin = w.origin and f.day = w.day
-- carrier: flights.carrier
-- temp: weather.temp

select f.*, w.temp as degrees from flights as f left join weather as w using (origin, day)
-- carrier: flights.carrier
-- origin: flights.origin
-- dep_delay: flights.dep_delay
-- arr_delay: flights.arr_delay
-- day: flights.day
-- n: flights.n
-- degrees: weather.temp

with late as (select carrier, dep_delay as d from flights where dep_delay > 10) select carrier, max(d) as worst from late group by all
-- carrier: flights.carrier
-- worst: flights.dep_delay

with a as (select n as x from flights), b as (select x * 2 as y from a) select y, y + 1 as z from b
-- y: flights.n
-- z: flights.n

select x.carrier from (select carrier, n from flights) as x
-- carrier: flights.carrier

select origin from flights union all select origin from weather
-- origin: flights.origin weather.origin

select origin as place, temp from weather union select carrier, n from flights
-- place: weather.origin flights.carrier
-- temp: weather.temp flights.n

select carrier, row_number() over (partition by origin order by dep_delay desc) as place from flights
-- carrier: flights.carrier
-- place: flights.origin flights.dep_delay

select carrier, (select max(temp) from weather where weather.origin = flights.origin) as hottest from flights
-- carrier: flights.carrier
-- hottest: weather.temp

select carrier, origin in (select origin from weather) as known from flights
-- carrier: flights.carrier
-- known: flights.origin weather.origin

select case when dep_delay > 0 then carrier else origin end as who from flights
-- who: flights.dep_delay flights.carrier flights.origin

select * exclude (temp) from weather
-- origin: weather.origin
-- day: weather.day

select * replace (temp * 2 as temp) from weather
-- origin: weather.origin
-- temp: weather.temp
-- day: weather.day

select weather.* from weather, flights
-- origin: weather.origin
-- temp: weather.temp
-- day: weather.day

select CARRIER as Carrier, "Origin" from flights
-- carrier: flights.carrier
-- origin: flights.origin

select "a b" + 1 as more, "Ünï" from "Odd Table"
-- more: Odd Table.a b
-- Ünï: Odd Table.Ünï

select o."a b" from "Odd Table" as o
-- a b: Odd Table.a b

select coalesce(arr_delay, dep_delay, 0) as delay, carrier || '/' || origin as pair from flights
-- delay: flights.arr_delay flights.dep_delay
-- pair: flights.carrier flights.origin

select sum(n) filter (where dep_delay > 0) as late from flights
-- late: flights.n flights.dep_delay

select cast(n as varchar) as text, n::double / 2 as half, day + interval 1 day as next from flights
-- text: flights.n
-- half: flights.n
-- next: flights.day

select distinct on (carrier) carrier, dep_delay from flights order by carrier, dep_delay desc
-- carrier: flights.carrier
-- dep_delay: flights.dep_delay

select carrier, dep_delay from flights qualify rank() over (partition by carrier order by n) = 1
-- carrier: flights.carrier
-- dep_delay: flights.dep_delay

select origin, temp from weather where temp > :least limit 10
-- origin: weather.origin
-- temp: weather.temp

with recursive r as (select n as k from flights union all select k + 1 from r where k < 10) select k from r
-- k: flights.n

select a.origin, b.temp - a.temp as rise from weather a join weather b on a.origin = b.origin
-- origin: weather.origin
-- rise: weather.temp

select date_trunc('month', day) as month, median(temp) as usual from weather group by 1 order by 1
-- month: weather.day
-- usual: weather.temp

select origin, list(temp order by day) as temps, struct_pack(t := max(temp)) as packed from weather group by origin
-- origin: weather.origin
-- temps: weather.temp weather.day
-- packed: weather.temp

select n from flights intersect select temp from weather
-- n: flights.n weather.temp

select n from flights except select temp from weather
-- n: flights.n weather.temp

values (1, 'a'), (2, 'b')
-- unknown

pivot flights on origin using sum(n) group by carrier
-- unknown

summarize flights
-- unknown

select * from elsewhere
-- unknown

select * from flights join elsewhere using (carrier)
-- unknown

selec carrier from flights
-- unknown
