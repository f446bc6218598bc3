"""Names that say what a call does: nobody can know of every library, but of the usual ones.

What is missing here makes a block larger than it has to be, or is found by the proof.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MUTATORS = _words(
    """
    __next__ __setitem__ add append appendleft backward clear close commit difference_update
    discard execute executemany extend extendleft fill fit fit_predict fit_transform insert
    intersection_update itemset load_state_dict partial_fit partition pop popitem popleft
    push put read readline readlines register remove resize reverse rotate seek send
    set_data set_params setdefault setfield setflags sort step subscribe subtract
    symmetric_difference_update throw train update write writelines zero_grad
    """
)
"""Methods that change their object."""

PURE = _words(
    """
    agg aggregate apply astype boxplot copy corr count crosstab describe dtypes dump
    endswith find format get groupby head hist index info isna isnull items join keys lower
    map max mean median memory_usage merge min most_common nlargest notna nsmallest nunique
    pivot pivot_table plot predict predict_proba print query reset_index round sample
    savefig score shape show sort_index sort_values split startswith std strip style sum
    summary tail title to_csv to_dict to_excel to_feather to_html to_json to_list
    to_markdown to_parquet to_pickle to_sql to_string tolist total transform unique upper
    value_counts values var
    """
)
"""Methods that change nothing, and only show when their result is not kept."""

MUTATING_FUNCTIONS = _words(
    """
    copyto delattr fill_diagonal heapify heappop heappush insort insort_left insort_right
    next place put putmask setattr shuffle
    """
)
"""Functions that change what they are given."""

SINKS = _words(
    """
    copy2 copyfile copytree dump imsave makedirs mkdir move rename rmtree save savefig
    savetxt savez to_csv to_excel to_feather to_file to_hdf to_html to_json to_parquet
    to_pickle to_sql to_stata to_xml unlink write_bytes write_csv write_html write_image
    write_parquet write_text writerow writerows
    """
)
"""Calls that write files or tables."""

SOURCES = _words(
    """
    exists fetch_openml genfromtxt get_data getsize glob iglob is_file iterdir listdir load
    load_data load_dataset load_iris loadtxt read_bytes read_csv read_excel read_feather
    read_fwf read_hdf read_html read_json read_parquet read_pickle read_sql read_sql_query
    read_sql_table read_stata read_table read_text read_xml scan_csv scan_parquet urlopen
    walk
    """
)
"""Calls that read them."""

UNSTORABLE = _words(
    """
    DictReader DictWriter ExcelWriter Lock NamedTemporaryFile Popen ProcessPoolExecutor
    Queue RLock Session SparkSession TemporaryDirectory Thread ThreadPoolExecutor chain
    connect count create_engine create_task cycle ensure_future enumerate figure filter gca
    get_event_loop get_running_loop iglob islice iter map new_event_loop open reader repeat
    reversed scandir socket subplots urlopen writer zip
    """
)
"""Functions whose result cannot be handed to another process."""

UNSTORABLE_METHODS = _words(
    """
    add_axes add_subplot begin connect create_task cursor iterdir finditer get_figure iterrows
    itertuples open rglob subplots twinx twiny
    """
)
"""Methods of objects of which the same is true."""

LOOP = _words(
    """
    create_task ensure_future get_running_loop
    """
)
"""Calls that need a loop of asyncio that runs."""

FRESH_FUNCTIONS = _words(
    """
    abs all any bool bytes chr deepcopy divmod float format hash input int
    isinstance len ord pow print range repr round str sum type
    """
)
"""Functions whose result shares nothing with what they are given."""

FRESH_METHODS = _words(
    """
    capitalize copy count decode deepcopy encode find format index join keys lower mean read
    readlines replace split strip sum title to_dict to_list tolist upper
    """
)
"""Methods whose result shares nothing with their object."""

EVERYTHING = _words(
    """
    chdir eval exec globals locals vars
    """
)
"""Calls that look at all names at once."""

CONFIGURES = _words(
    """
    append basicConfig disable enable filterwarnings insert register_matplotlib_converters
    reset_option setLevel set_context set_matplotlib_formats set_option set_palette
    set_printoptions set_style set_theme setlocale setrecursionlimit simplefilter use
    """
)
"""Methods that set an option of a library."""

CONFIGURED = _words(
    """
    alt locale logging matplotlib mpl np numpy os pandas pd pio pl plt polars px seaborn sns
    sys warnings
    """
)
"""Libraries that have such options."""

SEEDED = _words(
    """
    np.random numpy.random random tf.random torch
    """
)
"""Where random numbers come from that a seed determines."""

QUIET_MAGICS = _words(
    """
    autoreload colors config doctest_mode hist history load_ext lprun lsmagic matplotlib
    memit mprun pdb pdoc pinfo pinfo2 precision prun psource pylab quickref reload_ext
    timeit watermark who who_ls whos xmode
    """
)
"""Magics that mean something in Jupyter only."""
