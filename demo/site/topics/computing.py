"""Programs and data: R, Python, databases, spreadsheets, large files."""

from demo.site.material import Problem, Topic

R_CODE = Topic(
    name="R",
    weight=4.0,
    tags="r .9",
    problems=(
        Problem(
            tags="data-transformation .4, reshape .4, dplyr .4",
            titles="""
            - Mean «outcome» by «group» and «period» without a loop in R
            - From wide to long: «outcome» of each «unit» in columns
            - Lag «outcome» within «units» in R
            - dplyr: last row for each «unit»
            """,
            says="""
            - My data frame has one row for each «unit» and one column for each «period». For the
              analysis I need one row for each «unit» and «period».
            - I want to add the «outcome» of the previous «period» as a column, separately for each
              «unit». What I have mixes up the last row of one with the first of the next.
            """,
            more="""
            - My loop works and takes «four|twenty» minutes.
            - Base R would be preferred, but I take what works.
            """,
            asks="""
            - What is the idiomatic way?
            - Why does `aggregate` drop the rows with NA?
            """,
            r="""
            d %>%
              group_by(«unit_name») %>%
              arrange(«period», .by_group = TRUE) %>%
              mutate(previous = lag(«y»))
            """,
            output="""
              «unit_name» «period» «y»
            1     A    1    «11..40».«1..9»
            2     A    2    «11..40».«1..9»
            3     B    1      NA
            """,
        ),
        Problem(
            tags="regression .5, lm .5, factor .3",
            titles="""
            - lm() ignores «half|most» of my rows
            - predict() in R returns the wrong number of rows
            - contrasts can be applied only to factors with 2 or more levels
            - Formula with «30..80» columns in R
            - What does the colon mean in an R formula?
            """,
            says="""
            - `lm` runs without complaint, but the degrees of freedom show that «half|a third» of my
              rows were not used.
            - When I call `predict` with new data, R warns that the new data had 5 rows but
              variables found have «90..400» rows.
            - I get the error that contrasts can be applied only to factors with 2 or more levels,
              but `levels()` shows three.
            """,
            more="""
            - I use `d$` inside the formula, in case that matters.
            - `str(d)` looks as it should.
            """,
            asks="""
            - What am I doing wrong?
            - How can I find out which rows were used?
            """,
            r="""
            fit <- lm(d$«y» ~ d$«x_name»)
            predict(fit, newdata = data.frame(«x_name» = 1:5))
            """,
        ),
        Problem(
            tags="loops .35, performance .4, simulation .3, parallel-computing .35",
            titles="""
            - Speed up a loop over «rows» «units» in R
            - «apply is|vapply is» not faster than my loop
            - R runs out of memory with a distance matrix
            - Set the seed for parallel simulations in R
            """,
            says="""
            - I fit the same model to each «unit» in a loop that appends to a data frame. It gets
              slower and slower.
            - With `parallel` I get other random numbers each time, in spite of `set.seed`.
            - A distance matrix between «30..60» thousand rows does not fit into 16 GB.
            """,
            more="""
            - Profiling says that most of the time goes into `rbind`.
            """,
            asks="""
            - How would an experienced R programmer write this?
            - Is there a way that uses less memory?
            """,
            r="""
            out <- NULL
            for (i in unique(d$«unit_name»)) {
              fit <- lm(«y» ~ «x_name», data = subset(d, «unit_name» == i))
              out <- rbind(out, data.frame(i, t(coef(fit))))
            }
            """,
        ),
    ),
    details="""
    - It is R 3.«3..6» on Windows.
    - A base R solution would be nice, since I cannot install packages at work.
    - Here is a small example that shows the problem, I hope.
    """,
    tried="""
    - `sapply` instead of the loop
    - `na.omit` first
    - reinstalling the package
    - restarting R, of course
    """,
)

PYTHON_CODE = Topic(
    name="Python",
    weight=4.0,
    tags="python .88",
    problems=(
        Problem(
            tags="pandas .8, time-series .2, data-transformation .25",
            titles="""
            - pandas: rolling mean of «outcome» by «unit»
            - Merge readings of «x» and «outcome» with different clocks in pandas
            - SettingWithCopyWarning when I flag «units»
            - pandas groupby gives NaN for «group»
            - Resample irregular «outcome» to one row per «period»
            """,
            says="""
            - «Outcome» and «x» are recorded by different devices, whose clocks do not agree. I want
              to join each reading of one with the latest reading of the other.
            - I compute a rolling mean over seven «period»s for each «unit», and the window runs
              over from one «unit» to the next.
            - After `groupby`, every value in the new column is NaN, although the groups are right.
            """,
            more="""
            - The index is a timestamp with time zone, except in the older files.
            - A loop over `iterrows` works but takes for ever.
            """,
            asks="""
            - Is there a way without a loop?
            - How do I avoid the NaN?
            """,
            python="""
            df["smooth"] = (
                df.sort_values("time")
                  .groupby("«unit_name»")["«y»"]
                  .rolling(7).mean()
            )
            """,
        ),
        Problem(
            tags="scikit-learn .86, machine-learning .3, preprocessing .4",
            titles="""
            - scikit-learn: scale «x» but not the dummies of «group»
            - scikit-learn pipeline with «group» as a category
            - ValueError: Found input variables with inconsistent numbers of samples
            - Coefficients of scikit-learn and statsmodels differ for «event»
            - Unknown category at prediction time in scikit-learn
            """,
            says="""
            - My `Pipeline` should scale the numeric columns and encode «group». At prediction time
              there is one «group» that was not in training, and everything stops.
            - scikit-learn and statsmodels give different coefficients for the same logistic model
              of «event».
            - `fit` raises a ValueError about inconsistent numbers of samples, although both arrays
              look fine when I print them.
            """,
            more="""
            - The shapes are `(«120..900», 3)` and `(3, «120..900»)`.
            - If I make `C` very large the coefficients agree.
            """,
            asks="""
            - What is the recommended way to do this?
            - Is there a hidden default that I do not know of?
            """,
            python="""
            prepare = ColumnTransformer([
                ("scale", StandardScaler(), ["«x_name»", "«z_name»"]),
                ("code", OneHotEncoder(), ["«group_name»"]),
            ])
            model = make_pipeline(prepare, LogisticRegression())
            """,
        ),
        Problem(
            tags="numpy .66, linear-algebra .4, performance .3",
            titles="""
            - Vectorise a double loop over «units» in numpy
            - numpy and R give different standard deviations
            - Inverse of a nearly singular covariance matrix in numpy
            - Weighted percentile of «outcome» in numpy
            """,
            says="""
            - I compute all pairwise differences of «outcome» in a double loop, for «two|five»
              thousand «units». It takes minutes.
            - `np.std` and `sd` in R give different answers for the same «eight|ten» numbers.
            - `np.linalg.inv` returns numbers around $10^{15}$ for my covariance matrix.
            """,
            more="""
            - The determinant is 3e-«14..19».
            - Broadcasting works, but needs more memory than I have.
            """,
            asks="""
            - How can this be written without the loops?
            - Which of them is right?
            """,
            python="""
            total = 0.0
            for i in range(n):
                for j in range(n):
                    total += abs(y[i] - y[j])
            print(total / (2 * n**2 * y.mean()))
            """,
        ),
        Problem(
            tags="statsmodels .7, regression .5",
            titles="""
            - statsmodels OLS has no intercept
            - Robust standard errors for «outcome» on «x» in statsmodels
            - R squared jumps to 0.98 in statsmodels
            """,
            says="""
            - A regression of «outcome» on «x» gives R squared of 0.98 in statsmodels and 0.41 in a
              spreadsheet.
            - I moved an analysis of «outcome» to Python, and the standard errors are not the same
              as before.
            """,
            more="""
            - The slope is different as well, so I must be fitting something else.
            """,
            asks="""
            - What does the library do differently?
            - Which option gives the usual result?
            """,
            python="""
            fit = sm.OLS(df["«y»"], df[["«x_name»"]]).fit()
            print(fit.params, fit.rsquared)
            """,
        ),
    ),
    details="""
    - Python 3.«5..7», everything installed last month.
    - It must run unattended every night.
    - I come from R, so my Python may look odd.
    """,
    tried="""
    - `reset_index()` in various places
    - `.values` instead of the series
    - a smaller example, where it works
    - updating all packages
    """,
)

DATA_WORK = Topic(
    name="data and tools",
    weight=2.4,
    tags="",
    problems=(
        Problem(
            tags="large-data .8, performance .5, r .3, sampling .2",
            titles="""
            - Regression on a file of «40..300» GB
            - Median of «outcome» over «two|four|nine» billion rows
            - Running mean and variance of «outcome» in one pass
            - Is a random sample enough instead of all «rows» million rows?
            """,
            says="""
            - The file with all readings has «40..300» GB and does not fit into memory. I need
              nothing more than a linear model and a few quantiles.
            - Values of «outcome» arrive one at a time. I want mean, variance and median at each
              moment without storing them all.
            """,
            more="""
            - $X^\\top X$ can be added up in pieces, the median cannot.
            - The sum of squares overflows or loses all digits.
            """,
            asks="""
            - Which algorithm is the usual one?
            - How much precision do I lose?
            """,
            python="""
            n, mean, m2 = 0, 0.0, 0.0
            for x in readings:
                n += 1
                delta = x - mean
                mean += delta / n
                m2 += delta * (x - mean)
            """,
        ),
        Problem(
            tags="sql .84, large-data .25",
            titles="""
            - Median «outcome» by «group» in SQL
            - Sessions of «units» from time stamps in SQL
            - Random sample of «units» in SQL, stratified by «group»
            - SQL: first and last «outcome» for each «unit»
            """,
            says="""
            - The data sit in a database, one row for each reading. I want the median «outcome» by
              «group», and there is no such aggregate.
            - For every «unit» I need the first and the last value of «outcome» in each «period».
              The join that I wrote returns too many rows.
            """,
            more="""
            - Exporting everything would take hours.
            """,
            asks="""
            - Can it be done in the database with reasonable speed?
            - Is a window function the right tool?
            """,
            sql="""
            SELECT «group_name»,
                   percentile_cont(0.5) WITHIN GROUP (ORDER BY «y») AS median
            FROM readings
            WHERE «x_name» > 0 AND taken_at < DATE '2014-01-01'
            GROUP BY «group_name»;
            """,
        ),
        Problem(
            tags="excel .84, regression .25, spss .2",
            titles="""
            - Excel trend line and LINEST disagree about «outcome»
            - Confidence interval for mean «outcome» in Excel
            - Excel thinks that «outcome» is a date
            - Moving from Excel to something else for «rows» rows
            """,
            says="""
            - The trend line in the chart and the function on the sheet give different slopes of
              «outcome» against «x».
            - Our whole analysis is a spreadsheet with «14..60» sheets, and some values of «outcome»
              have become dates.
            """,
            more="""
            - The chart is of the wrong type, maybe.
            """,
            asks="""
            - Which of the two is right?
            - How would you get out of this?
            """,
        ),
        Problem(
            tags="spss .75, anova .25, sas .3",
            titles="""
            - SPSS leaves out «units» with a missing «x»
            - Syntax for a contrast between «two|three» «groups» in SPSS
            - PROC MIXED and SPSS give different tests of «treatment»
            """,
            says="""
            - I am bound to SPSS by my institute. The menu offers no way to compare «two|three» of
              the «k» «groups» with the rest.
            - A colleague ran the same model of «outcome» in SAS with PROC MIXED and gets other
              degrees of freedom.
            """,
            asks="""
            - What would the syntax look like?
            - Where does the difference come from?
            """,
        ),
        Problem(
            tags="c++ .6, algorithms .5, performance .4, matlab .3",
            titles="""
            - Online quantile of «outcome» in C++
            - Numerically stable log-sum-exp in C++
            - Matlab code for «a filter|a permutation test» to C++: other results
            - Fast random permutation of «rows» «units» in C++
            """,
            says="""
            - For an embedded device I write the computation in C++, and there is no room to store
              more than a few hundred values.
            - I ported a Matlab script to C++, and the results differ from the fourth digit on.
            - My C++ loop with `std::vector<float>` returns a variance that is slightly negative.
            """,
            asks="""
            - Is there a standard algorithm for this?
            - Is it the summation, or have I made a mistake?
            """,
            intro=False,
        ),
        Problem(
            tags="c# .4, .net .35, node.js .3, algorithms .35, forecasting .2",
            titles="""
            - Statistics library for C# that can fit «a logistic model|splines»
            - Simple exponential smoothing in node.js
            - Linear regression in .NET without a library
            - t distribution function in «C#|node.js|JavaScript»
            """,
            says="""
            - Our product is written in C# and runs on .NET, so I cannot call R. I need «a t-test|a
              regression|a p-value» and nothing more.
            - The service runs on node.js and has to smooth «outcome» as values come in.
            """,
            asks="""
            - Which library or formula would you use?
            - How accurate is a simple approximation of the distribution function?
            """,
            intro=False,
        ),
        Problem(
            tags="julia .5, stata .5, matlab .35, optimization .2",
            titles="""
            - Stata and R give different clustered standard errors
            - Fitting a mixed model in Julia
            - Matlab fminsearch stops after 200 evaluations
            - Stata: margins after an interaction with «x»
            """,
            says="""
            - I try to reproduce in another language what a colleague did in Stata. Point estimates
              agree to six digits, standard errors do not.
            - Julia is said to be fast for «mixed models|simulation», and I want to move my analysis
              of «outcome» there. Matlab is what I use at present.
            """,
            asks="""
            - Which small-sample correction is applied by default?
            - Has anybody compared the two?
            """,
        ),
    ),
    details="""
    - It must not cost anything.
    - I cannot install software on that machine.
    - The computation runs once every «period».
    """,
    tried="""
    - double precision
    - another version
    - a small subset, which works
    """,
)

TOPICS = (R_CODE, PYTHON_CODE, DATA_WORK)
