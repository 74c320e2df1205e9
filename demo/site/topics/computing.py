"""Programs and data: R, Python, databases, spreadsheets, large files."""

from demo.site.material import Problem, Topic

R_CODE = Topic(
    name="R",
    language="r",
    weight=4.0,
    tags="r .9",
    problems=(
        Problem(
            tags="data-transformation .4, reshape .4, dplyr .4",
            titles="""
            - c: Mean «outcome» by «group» and «period» without a loop in R
            - a: From wide to long: «outcome» of each «unit» in columns
            - b: Lag «outcome» within «units» in R
            - d: dplyr: last row for each «unit»
            """,
            says="""
            - a: My data frame has one row for each «unit» and one column for each «period». For the
              analysis I need one row for each «unit» and «period».
            - b: I want to add the «outcome» of the previous «period» as a column, separately for
              each «unit». What I have mixes up the last row of one with the first of the next.
            - c: I want the mean of «outcome» for each «group» and «period», and I do it with two
              nested loops.
            - d: For each «unit» I need its last row, whatever the date.
            """,
            more="""
            - c: My loop works and takes «four|twenty» minutes.
            - Base R would be preferred, but I take what works.
            """,
            asks="""
            - What is the idiomatic way?
            - c: Why does `aggregate` drop the rows with NA?
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
            code_for="r b",
        ),
        Problem(
            tags="regression .5, lm .5, factor .3",
            titles="""
            - a: lm() ignores «half|most» of my rows
            - b: predict() in R returns the wrong number of rows
            - c: contrasts can be applied only to factors with 2 or more levels
            """,
            says="""
            - a: `lm` runs without complaint, but the degrees of freedom show that «half|a third» of
              my rows were not used.
            - b: When I call `predict` with new data, R warns that the new data had 5 rows but
              variables found have «90..400» rows.
            - c: I get the error that contrasts can be applied only to factors with 2 or more
              levels, but `levels()` shows three.
            """,
            more="""
            - b: I use `d$` inside the formula, in case that matters.
            - c: `str(d)` looks as it should.
            """,
            asks="""
            - What am I doing wrong?
            - a: How can I find out which rows were used?
            """,
            r="""
            fit <- lm(d$«y» ~ d$«x_name»)
            predict(fit, newdata = data.frame(«x_name» = 1:5))
            """,
            code_for="r b",
        ),
        Problem(
            tags="loops .35, performance .4, simulation .3, parallel-computing .35",
            titles="""
            - a: Speed up a loop over «rows» «units» in R
            - a: «apply is|vapply is» not faster than my loop
            - c: R runs out of memory with a distance matrix
            - b: Set the seed for parallel simulations in R
            """,
            says="""
            - a: I fit the same model to each «unit» in a loop that appends to a data frame. It gets
              slower and slower.
            - b: With `parallel` I get other random numbers each time, in spite of `set.seed`.
            - c: A distance matrix between «30..60» thousand rows does not fit into 16 GB.
            """,
            more="""
            - a: Profiling says that most of the time goes into `rbind`.
            """,
            asks="""
            - a: How would an experienced R programmer write this?
            - c: Is there a way that uses less memory?
            - b: How can I make the run reproducible?
            """,
            r="""
            out <- NULL
            for (i in unique(d$«unit_name»)) {
              fit <- lm(«y» ~ «x_name», data = subset(d, «unit_name» == i))
              out <- rbind(out, data.frame(i, t(coef(fit))))
            }
            """,
            code_for="r a",
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
    language="python",
    weight=4.0,
    tags="python .88",
    problems=(
        Problem(
            tags="pandas .8, time-series .2, data-transformation .25",
            titles="""
            - b: pandas: rolling mean of «outcome» by «unit»
            - a: Merge readings of «x» and «outcome» with different clocks in pandas
            - d: SettingWithCopyWarning when I flag «units»
            - c: pandas groupby gives NaN for «group»
            - e: Resample irregular «outcome» to one row per «period»
            """,
            says="""
            - a: «Outcome» and «x» are recorded by different devices, whose clocks do not agree. I
              want to join each reading of one with the latest reading of the other.
            - b: I compute a rolling mean over seven «period»s for each «unit», and the window runs
              over from one «unit» to the next.
            - c: After `groupby`, every value in the new column is NaN, although the groups are
              right.
            - d: I set a flag for some «units» and get a warning about a copy of a slice. The flag
              sometimes stays and sometimes does not.
            - e: Readings of «outcome» come whenever they like, and I want one row for each
              «period».
            """,
            more="""
            - a: The index is a timestamp with time zone, except in the older files.
            - A loop over `iterrows` works but takes for ever.
            """,
            asks="""
            - abde: Is there a way without a loop?
            - c: How do I avoid the NaN?
            """,
            python="""
            df["smooth"] = (
                df.sort_values("time")
                  .groupby("«unit_name»")["«y»"]
                  .rolling(7).mean()
            )
            """,
            code_for="python b",
        ),
        Problem(
            tags="scikit-learn .86, machine-learning .3, preprocessing .4",
            titles="""
            - a: scikit-learn: scale «x» but not the dummies of «group»
            - a: scikit-learn pipeline with «group» as a category
            - c: ValueError: Found input variables with inconsistent numbers of samples
            - b: Coefficients of scikit-learn and statsmodels differ for «event»
            - a: Unknown category at prediction time in scikit-learn
            """,
            says="""
            - a: My `Pipeline` should scale the numeric columns and encode «group». At prediction
              time there is one «group» that was not in training, and everything stops.
            - b: scikit-learn and statsmodels give different coefficients for the same logistic
              model of «event».
            - c: `fit` raises a ValueError about inconsistent numbers of samples, although both
              arrays look fine when I print them.
            """,
            more="""
            - c: The shapes are `(«120..900», 3)` and `(3, «120..900»)`.
            - b: If I make `C` very large the coefficients agree.
            """,
            asks="""
            - a: What is the recommended way to do this?
            - bc: Is there a hidden default that I do not know of?
            """,
            python="""
            prepare = ColumnTransformer([
                ("scale", StandardScaler(), ["«x_name»", "«z_name»"]),
                ("code", OneHotEncoder(), ["«group_name»"]),
            ])
            model = make_pipeline(prepare, LogisticRegression())
            """,
            code_for="python a",
        ),
        Problem(
            tags="numpy .66, linear-algebra .4, performance .3",
            titles="""
            - a: Vectorise a double loop over «units» in numpy
            - b: numpy and R give different standard deviations
            - c: Inverse of a nearly singular covariance matrix in numpy
            """,
            says="""
            - a: I compute all pairwise differences of «outcome» in a double loop, for «two|five»
              thousand «units». It takes minutes.
            - b: `np.std` and `sd` in R give different answers for the same «eight|ten» numbers.
            - c: `np.linalg.inv` returns numbers around $10^{15}$ for my covariance matrix.
            """,
            more="""
            - c: The determinant is 3e-«14..19».
            - a: Broadcasting works, but needs more memory than I have.
            """,
            asks="""
            - a: How can this be written without the loops?
            - b: Which of them is right?
            - c: What would be the right way?
            """,
            python="""
            total = 0.0
            for i in range(n):
                for j in range(n):
                    total += abs(y[i] - y[j])
            print(total / (2 * n**2 * y.mean()))
            """,
            code_for="python a",
        ),
        Problem(
            tags="statsmodels .7, regression .5",
            titles="""
            - a: statsmodels OLS has no intercept
            - b: Robust standard errors for «outcome» on «x» in statsmodels
            - a: R squared jumps to 0.98 in statsmodels
            """,
            says="""
            - a: A regression of «outcome» on «x» gives R squared of 0.98 in statsmodels and 0.41 in
              a spreadsheet.
            - b: I moved an analysis of «outcome» to Python, and the standard errors are not the
              same as before.
            """,
            more="""
            - a: The slope is different as well, so I must be fitting something else.
            """,
            asks="""
            - What does the library do differently?
            - Which option gives the usual result?
            """,
            python="""
            fit = sm.OLS(df["«y»"], df[["«x_name»"]]).fit()
            print(fit.params, fit.rsquared)
            """,
            code_for="python a",
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
    weight=3.2,
    tags="",
    problems=(
        Problem(
            tags="large-data .8, performance .5, r .3, sampling .2",
            titles="""
            - a: Regression on a file of «size=40..300» GB
            - a: Median of «outcome» over «two|four|nine» billion rows
            - b: Running mean and variance of «outcome» in one pass
            - a: Is a random sample enough instead of all «rows» million rows?
            """,
            says="""
            - a: The file with all readings has «size=40..300» GB and does not fit into memory. I
              need nothing more than a linear model and a few quantiles.
            - b: Values of «outcome» arrive one at a time. I want mean, variance and median at each
              moment without storing them all.
            """,
            more="""
            - a: $X^\\top X$ can be added up in pieces, the median cannot.
            - b: The sum of squares overflows or loses all digits.
            """,
            asks="""
            - Which algorithm is the usual one?
            - b: How much precision do I lose?
            """,
            python="""
            n, mean, m2 = 0, 0.0, 0.0
            for x in readings:
                n += 1
                delta = x - mean
                mean += delta / n
                m2 += delta * (x - mean)
            """,
            code_for="python b",
        ),
        Problem(
            tags="sql .84, large-data .25",
            titles="""
            - a: Median «outcome» by «group» in SQL
            - b: SQL: first and last «outcome» for each «unit»
            """,
            says="""
            - a: The data sit in a database, one row for each reading. I want the median «outcome»
              by «group», and there is no such aggregate.
            - b: For every «unit» I need the first and the last value of «outcome» in each «period».
              The join that I wrote returns too many rows.
            """,
            more="""
            - Exporting everything would take hours.
            """,
            asks="""
            - Can it be done in the database with reasonable speed?
            - b: Is a window function the right tool?
            """,
            sql="""
            SELECT «group_name»,
                   percentile_cont(0.5) WITHIN GROUP (ORDER BY «y») AS median
            FROM readings
            WHERE «x_name» > 0 AND taken_at < DATE '2014-01-01'
            GROUP BY «group_name»;
            """,
            code_for="sql a",
        ),
        Problem(
            tags="excel .84, regression .25, spss .2",
            titles="""
            - a: Excel trend line and LINEST disagree about «outcome»
            - c: Confidence interval for mean «outcome» in Excel
            - b: Excel thinks that «outcome» is a date
            - b: Moving from Excel to something else for «rows» rows
            """,
            says="""
            - a: The trend line in the chart and the function on the sheet give different slopes of
              «outcome» against «x».
            - b: Our whole analysis is a spreadsheet with «14..60» sheets, and some values of
              «outcome» have become dates.
            - c: I need an interval for the mean of «outcome». There are at least two functions with
              promising names, and they give different widths.
            """,
            more="""
            - a: The chart is of the wrong type, maybe.
            """,
            asks="""
            - a: Which of the two is right?
            - b: How would you get out of this?
            - c: Which one is it?
            """,
        ),
        Problem(
            tags="ac:spss .9, b:sas .7, b:spss .5, anova .25",
            titles="""
            - c: SPSS leaves out «units» with a missing «x»
            - a: Syntax for a contrast between «two|three» «groups» in SPSS
            - b: PROC MIXED and SPSS give different tests of «treatment»
            """,
            says="""
            - a: I am bound to SPSS by my institute. The menu offers no way to compare «two|three»
              of the «k» «groups» with the rest.
            - b: A colleague ran the same model of «outcome» in SAS with PROC MIXED and gets other
              degrees of freedom.
            - c: As soon as I add «x», «two|three|five» «units» vanish from the output, and the menu
              does not say why.
            """,
            asks="""
            - a: What would the syntax look like?
            - b: Where does the difference come from?
            - c: Can they be kept?
            """,
        ),
        Problem(
            tags="c++ .8, algorithms .4, performance .3, b:matlab .6",
            titles="""
            - a: Online quantile of «outcome» in C++
            - b: Matlab code for «a filter|a permutation test» to C++: other results
            - c: «Slightly negative|Negative» variance with floats in C++
            - a: Running quantiles without memory in C++
            """,
            says="""
            - a: For an embedded device I write the computation in C++, and there is no room to
              store more than a few hundred values.
            - b: I ported a Matlab script to C++, and the results differ from the fourth digit on.
            - c: My C++ loop with `std::vector<float>` returns a variance that is slightly negative.
            """,
            asks="""
            - a: Is there a standard algorithm for this?
            - bc: Is it the summation, or have I made a mistake?
            """,
            intro=False,
        ),
        Problem(
            tags="a:c# .75, a:.net .6, b:node.js .85, algorithms .3",
            titles="""
            - a: Statistics library for C# that can fit «a logistic model|splines»
            - b: Simple exponential smoothing of «outcome» in node.js
            - a: Regression of «outcome» on «x» in .NET without a library
            - a: t distribution function in «C#|node.js|JavaScript»
            """,
            says="""
            - a: Our product is written in C# and runs on .NET, so I cannot call R. I need «a
              t-test|a regression|a p-value» and nothing more.
            - b: The service runs on node.js and has to smooth «outcome» as values come in.
            """,
            asks="""
            - ab: Which library or formula would you use?
            - a: How accurate is a simple approximation of the distribution function?
            """,
            intro=False,
        ),
        Problem(
            tags="a:stata .85, b:julia .85, bc:matlab .6, c:optimization .5",
            titles="""
            - a: Stata and R give different standard errors for «x», clustered by «group»
            - b: Fitting a mixed model of «outcome» in Julia
            - c: Matlab fminsearch stops after 200 evaluations
            """,
            says="""
            - a: I try to reproduce in another language what a colleague did in Stata. Point
              estimates agree to six digits, standard errors do not.
            - b: Julia is said to be fast for «mixed models|simulation», and I want to move my
              analysis of «outcome» there. Matlab is what I use at present.
            - c: A Matlab script that I inherited minimises a likelihood with `fminsearch`. It stops
              after 200 evaluations, and nobody has ever noticed.
            """,
            asks="""
            - a: Which small-sample correction is applied by default?
            - b: Has anybody compared the two?
            - c: Is the answer good for anything?
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
