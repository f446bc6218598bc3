-- Texts that are no query, and below each what is said of it: line, column, words; or that it writes.

selec carrier from flights
-- 1:14 'from' is not expected here.

select carrier from
-- 1:15 A table name is missing after 'from'.

select carrier frm flights where
-- 1:19 'flights' is not expected here.

select (1 + 2
-- 1:12 Expected ')' before '2'.

select 'open
-- 1:7 A quote or comment is not closed.

select "open
-- 1:7 A quote or comment is not closed.

select 1 /* open
-- 1:9 A quote or comment is not closed.

select carrier from flights where
-- 1:28 Something is missing after 'where'.

select * from flights; select 1
-- 1:23 A SQL block is one statement, this is 2.

insert into flights values (1)
-- writes

delete from flights
-- writes

update flights set n = 1
-- writes

drop table flights
-- writes

create table t as select 1
-- writes

attach 'x.db'
-- writes

copy flights to 'x.csv'
-- writes

set threads = 1
-- writes

pragma database_list
-- writes

carrier + 1
-- 1:0 A SQL block is one statement that reads, such as SELECT.

explain select 1
-- 1:0 A SQL block is one statement that reads, such as SELECT.

select case when 1 then 2
-- 1:24 Expected END after CASE near '2'.

select * from flights join on a = b
-- 1:27 Expected a table name before 'on'.

select cast(1 as) from flights
-- 1:16 Expected TYPE after CAST near ')'.

with x as (select 1 select * from x
-- 1:20 Expected ')' before 'select'.
