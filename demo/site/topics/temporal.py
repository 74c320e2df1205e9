"""Time: forecasting, state space models, unusual values in a series, and time to an event."""

from demo.site.material import Problem, Topic

TIME_SERIES = Topic(
    name="time series",
    weight=8.0,
    tags="time-series .84",
    problems=(
        Problem(
            tags="forecasting .6, arima .84, r .2",
            titles="""
            - a: auto.arima returns (0,1,0) for «outcome»: is my series just a random walk?
            - c: Flat forecasts of «outcome» from an ARIMA model
            - b: How to read the ACF and PACF of differenced «outcome»
            - c: Why does auto.arima «ignore|miss» the «weekly|yearly» pattern in «outcome»?
            - d: Seasonal orders for hourly «outcome» with periods 24 and 168
            """,
            says="""
            - a: I let the software choose an ARIMA model for the «outcome» of one «unit», and it
              came back with orders (0,1,0). The forecast is therefore the last value, for ever.
            - b: After one difference, the autocorrelation function has a single spike at lag 1 and
              the partial one decays slowly. I take that for a moving average of order one, but the
              automatic choice is (2,1,2).
            - c: The forecasts of «outcome» are a flat line after a few steps, although the series
              obviously goes up and down «through the year|every week».
            - d: «Outcome» is recorded every hour, and both the day and the week are plain to see in
              it. I do not know how to put two seasons into one model.
            """,
            more="""
            - b: The information criterion of my own choice is «2..9» points worse.
            - I told it that the frequency is «7|12|24|52», which I hope is right for these data.
            - A Ljung-Box test on the residuals gives p = 0.«03..60».
            """,
            asks="""
            - ac: Is a flat forecast really the best one can do?
            - ab: How far should I trust the automatic orders?
            - cd: Is there a better way to tell the model about the pattern?
            """,
            r="""
            library(forecast)
            y <- ts(d$«y», frequency = «7|12|24|52»)
            fit <- auto.arima(y, stepwise = FALSE)
            checkresiduals(fit)
            plot(forecast(fit, h = 30))
            """,
            python="""
            model = SARIMAX(df["«y»"], order=(1, 1, 1), seasonal_order=(1, 0, 1, «7|12|24»))
            fit = model.fit(disp=False)
            fit.get_forecast(30).summary_frame()
            """,
        ),
        Problem(
            tags="stationarity .72, unit-root .5, augmented-dickey-fuller .4",
            titles="""
            - a: KPSS and ADF disagree about «outcome»
            - b: Is «outcome» stationary if «only its mean|its variance» changes?
            - c: Do I have to difference «outcome» before regressing it on «x»?
            - b: Trend or unit root in «years» years of «outcome»?
            """,
            says="""
            - a: The augmented Dickey-Fuller test does not reject a unit root (p = 0.«12..45»), and
              KPSS does not reject its opposite. So which is it?
            - b: The level of «outcome» drifts over the «years» years. I could subtract a line or
              take differences, and the two leave very different remainders.
            - c: Two series that have nothing to do with each other, «outcome» and «x», correlate at
              0.«78..93», because both go up.
            """,
            more="""
            - With only «60..150» points the power is probably poor.
            - Whether I allow for a trend in the test equation changes its answer.
            """,
            asks="""
            - ab: How does one decide in practice?
            - bc: What goes wrong if I difference although it was not needed?
            """,
            r="""
            library(tseries)
            adf.test(d$«y»)
            kpss.test(d$«y», null = "Trend")
            """,
            code_for="r ab",
        ),
        Problem(
            tags="seasonality .75, decomposition .4, forecasting .5",
            titles="""
            - a: «Outcome» has a weekly and a yearly cycle at the same time
            - b: Additive or multiplicative seasonal component for «outcome»?
            - c: How should I handle moving holidays in daily «outcome»?
            - d: Remove the seasonal component before or after «fitting|modelling» the effect of
              «x»?
            """,
            says="""
            - a: «Outcome» repeats itself every week and, more slowly, every year. The tools that I
              know take one period only.
            - b: The summer peak of «outcome» has become higher as the whole level grew, so I assume
              that the component multiplies rather than adds.
            - c: Easter moves about in the calendar, and every year my forecast is wrong for exactly
              the days around it.
            - d: I want the effect of «x» on «outcome», and both have a seasonal pattern. Either I
              take it out of both series first, or I put it into the model.
            """,
            more="""
            - a: With `stl` the remainder still shows a weekly rhythm in some months.
            - a: Dummies for each day of the week work well; 365 dummies for the year would not.
            """,
            asks="""
            - a: What is the usual approach with two periods?
            - a: How many Fourier terms would be reasonable?
            - bcd: Would you model this jointly or in steps?
            """,
            r="""
            y <- msts(d$«y», seasonal.periods = c(7, 365.25))
            fit <- tslm(y ~ trend + fourier(y, K = c(3, 5)))
            """,
            python="""
            result = STL(df["«y»"], period=7, robust=True).fit()
            result.plot()
            """,
            code_for="r a",
        ),
        Problem(
            tags="forecasting .88, mape .45, cross-validation .3, exponential-smoothing .3",
            titles="""
            - a: MAPE explodes when «outcome» is near zero
            - c: How to compare two forecasts of «outcome» fairly
            - b: The naive forecast beats everything I try for «outcome»
            - c: Rolling origin evaluation of «one-week|one-month» ahead predictions
            - d: Forecast «outcome» for «n» «units»: one model or one for each?
            """,
            says="""
            - a: I predict «outcome» for the next «two|four|six» «period»s. The percentage error is
              4% for most «units» and 800% for some, where the actual value is close to zero.
            - b: Whatever I do, the value of one year ago is a better prediction than my carefully
              chosen method.
            - c: To choose between exponential smoothing and a more complicated method, I hold out
              the last «20..30» points. The winner changes with the number of points that I hold
              out.
            - d: There are «n» «units», each with a short history of «outcome». A model for each of
              them has little to learn from, and a common one ignores the differences.
            """,
            more="""
            - c: Shuffled folds would let the future leak into the past, so I move the origin step
              by step.
            - bc: Averaging all the methods is better than each of them, which I find almost
              insulting.
            """,
            asks="""
            - a: Which error measure would you use when values can be zero?
            - bc: How do I test whether one method is really more accurate than another?
            - d: Is it worth while to combine the series?
            """,
            r="""
            e <- tsCV(y, function(x, h) forecast(ets(x), h = h), h = 4)
            sqrt(colMeans(e^2, na.rm = TRUE))
            """,
        ),
        Problem(
            tags="autocorrelation .65, regression .5, durbin-watson .3",
            titles="""
            - a: Regression of «outcome» on «x» with autocorrelated errors
            - a: Durbin-Watson of 0.«41..93» for daily «outcome»: how bad is that?
            - b: Lagged effect of «x» on «outcome»: how many lags?
            - b: Does «x» lead «outcome» or the other way round?
            """,
            says="""
            - a: Each row is one «period», and I regress «outcome» on «x» of the same «period». The
              residuals of neighbouring rows are clearly alike.
            - b: «X» probably affects «outcome» with some delay. The cross-correlation has a broad
              hump between lags 2 and «7..14».
            """,
            more="""
            - a: With Newey-West standard errors «x» is no longer significant.
            - Adding yesterday's value as a predictor takes away nearly all of the effect.
            """,
            asks="""
            - a: Should I correct the standard errors or model the dependence?
            - b: How can I choose the number of lags without trying everything?
            """,
            r="""
            library(nlme)
            gls(«y» ~ «x_name», data = d, correlation = corAR1(form = ~ day))
            """,
            code_for="r a",
        ),
        Problem(
            tags="kalman-filter .85, state-space-models .75",
            titles="""
            - a: How do I choose the noise variances of a Kalman filter for «outcome»?
            - b: Missing readings in a local level model of «outcome»
            - c: Filtering or smoothing when «outcome» is only needed afterwards?
            """,
            says="""
            - a: I model the true «outcome» as a slowly changing level observed with noise. The two
              variances were guesses, and the estimate is either nervous or late.
            - b: Some readings are missing for hours. I was told that the filter can just skip the
              update, which sounds too simple.
            - c: I analyse old records, so at every moment I know the past and the future. So far I
              use the filter alone.
            """,
            more="""
            - The equations are $x_t = x_{t-1} + w_t$ and $y_t = x_t + v_t$ with independent
              Gaussian noise.
            - a: Maximum likelihood puts one of the variances at zero.
            """,
            asks="""
            - a: Is there a principled way to set the variances?
            - b: What happens to the uncertainty while there are no observations?
            - c: Is it worth the trouble to run a smoother as well?
            """,
            python="""
            for z in readings:
                p += q                      # predict
                if not np.isnan(z):
                    gain = p / (p + r)      # update
                    x += gain * (z - x)
                    p *= 1 - gain
            """,
        ),
    ),
    details="""
    - The series has one value for each «period» and about «years» years of history.
    - Let $y_t$ be the value at time $t$, with $t = 1, \\dots, T$ and $T$ about «90..900».
    - A few values are missing; I filled them in by linear interpolation.
    - There was a change of equipment in the middle, after which the level is slightly lower.
    - We need predictions for the next «two|three|four» «period»s, with limits.
    - I look at one «unit» here, but the others behave in the same way.
    - A plot over time shows no outliers worth mentioning.
    """,
    tried="""
    - a log transformation
    - seasonal differences
    - a moving average with a window of seven
    - exponential smoothing with default settings
    - aggregating to months
    - adding dummies for public holidays
    """,
    quotes="""
    - All forecasts are wrong on a Monday.
    """,
    aside="""
    - The measurements are of course ordered in time, one each «period», which I ignore at present.
    - There is some trend over the «years» years as well; treating it as a time series would be the
      next step.
    """,
    aside_tags="time-series .45",
)

SURVIVAL = Topic(
    name="survival analysis",
    weight=4.0,
    tags="survival .88, r .1",
    problems=(
        Problem(
            tags="cox-model .84, proportional-hazards .35, assumptions .15",
            titles="""
            - a: Proportional hazards assumption violated for «x»
            - Time to «event»: hazard ratio of «x» changes over time
            - a: Schoenfeld residuals are significant: stratify or add a time interaction?
            - b: Interpreting a hazard ratio of «hazard=0.55..0.88» for «treatment»
            """,
            says="""
            - a: I model the time to «event» with `coxph`. The test based on scaled Schoenfeld
              residuals is significant for «x», and the plot shows an effect that fades away.
            - b: The hazard ratio of «treatment» is «hazard=0.55..0.88». In the first year the
              curves are apart and later they touch, so a single number seems wrong.
            """,
            more="""
            - Stratifying by «group» did not change it.
            - With «150..600» events even a small violation becomes significant, I suppose.
            """,
            asks="""
            - How can I let the effect change with time?
            - b: What does the average hazard ratio mean if the assumption does not hold?
            """,
            r="""
            library(survival)
            fit <- coxph(Surv(time, status) ~ «x_name» + treated + strata(«group_name»), data = d)
            cox.zph(fit)
            """,
            python="""
            cph = CoxPHFitter()
            cph.fit(df, duration_col="time", event_col="status")
            cph.check_assumptions(df)
            """,
        ),
        Problem(
            tags="kaplan-meier .8, logrank-test .35, censoring .35",
            titles="""
            - a: Median time to «event» cannot be estimated
            - b: Kaplan-Meier curves of «k» «groups» cross
            - c: Why does the curve drop to zero at the end?
            - b: Log-rank test or difference at one year for time to «event»?
            """,
            says="""
            - a: More than half of the «units» never had «event» before we stopped watching, so the
              curve does not reach 50% and the median is reported as NA.
            - b: The estimated curves for the «groups» cross after «four|six|nine» «period»s, and
              the log-rank test finds nothing.
            - c: The last «unit» under observation had «event», and the estimated curve falls to
              zero at that point. People read this as if nobody survived.
            """,
            more="""
            - b: Follow-up differs between the «groups», because some joined later.
            - ab: Restricted mean time has been suggested to me, but I do not know how to choose the
              limit.
            """,
            asks="""
            - a: What could I report instead of the median?
            - b: How would one compare curves that cross?
            - c: How should one draw it honestly?
            """,
            r="""
            fit <- survfit(Surv(time, status) ~ «group_name», data = d)
            print(fit)
            plot(fit, conf.int = TRUE)
            """,
        ),
        Problem(
            tags="censoring .8, interval-censoring .35, truncation .3",
            titles="""
            - a: Left or interval censored? «Units» that already had «event» when we first looked
            - b: What to do with «units» lost to follow-up
            - c: «Units» enter the study late: left truncation of time to «event»
            - b: Can I «just|simply» leave out the «units» without «event»?
            """,
            says="""
            - a: We look at each «unit» once every «period» only. When we find «event», it must have
              happened at some time since the last visit, and we do not know when.
            - b: About a quarter of the «units» moved away, and all that we know is that they had no
              «event» until then.
            - c: Some «units» were already several years old when we began to observe them, and
              those that failed earlier never had a chance to be in our data.
            """,
            more="""
            - a: Using the midpoint of the interval feels like cheating.
            - b: A colleague suggests treating the lost ones as failures, to be on the safe side.
            """,
            asks="""
            - How is this called, and which methods can deal with it?
            - How badly is the result biased if I ignore it?
            """,
            r="""
            Surv(entry, exit, status)                 # delayed entry
            Surv(left, right, type = "interval2")     # between two visits
            """,
        ),
        Problem(
            tags="competing-risks .8, cumulative-incidence .3, cox-model .3",
            titles="""
            - a: «Event» or sale, whichever comes first: competing risks for «units»
            - a: One minus Kaplan-Meier exceeds the share of «units» with «event»
            - b: Fine and Gray or cause-specific hazards?
            """,
            says="""
            - a: «A unit» may be taken out of service before «event» can occur. I counted these as
              censored, and the estimated risk is larger than what I see in the raw numbers.
            - b: Two kinds of ending are possible, and I am interested in one of them. The
              subdistribution and the cause-specific models disagree about the sign of «x».
            """,
            more="""
            - About «20..40»% end in the other way.
            """,
            asks="""
            - Which model answers the question how likely «event» is for a new «unit»?
            - b: How can a covariate have opposite effects in the two?
            """,
        ),
        Problem(
            tags="weibull-distribution .65, reliability .3, parametric-models .4",
            titles="""
            - a: Weibull shape of «1.2..2.4» for time to «event»: what does it tell me?
            - b: Accelerated failure time or proportional hazards for «units»?
            - a: Scale and shape from survreg do not agree with the textbook
            """,
            says="""
            - a: I fitted a Weibull distribution to the times until «event». The software prints an
              intercept and a log scale, which I cannot match with the shape and scale of the
              textbook.
            - b: I need the expected life of a new «unit», far beyond the end of our observation, so
              I must assume some form of curve.
            """,
            more="""
            - An exponential distribution is clearly worse, since the hazard grows with age.
            - b: The log-normal fits as well as the Weibull up to now and is very different
              afterwards.
            """,
            asks="""
            - a: How do the two parametrisations relate?
            - b: How does one choose when the data end before the curves part?
            """,
            r="""
            fit <- survreg(Surv(time, status) ~ 1, data = d, dist = "weibull")
            c(shape = 1 / fit$scale, scale = exp(coef(fit)))
            """,
            code_for="r a",
        ),
    ),
    details="""
    - About «12..45»% of the «units» had the event during the study.
    - The hazard is taken as $h(t \\mid x) = h_0(t)\\,e^{x\\beta}$ unless I say otherwise.
    - Time is counted in «period»s from the day on which «a unit» was first seen.
    - Covariates are known at the start and do not change.
    - There are hardly any ties.
    """,
    tried="""
    - splitting the follow-up time into two parts
    - adding an interaction with log time
    - logistic regression on the status after one year
    - leaving out «units» with very short follow-up
    """,
    aside="""
    - Some «units» are not observed to the end, so strictly speaking this is survival data.
    """,
    aside_tags="survival .5, censoring .2",
)

ANOMALIES = Topic(
    name="outliers and anomalies",
    weight=2.6,
    tags="outliers .4",
    problems=(
        Problem(
            tags="anomaly-detection .85, time-series .5, change-point .2",
            titles="""
            - How to find unusual «period»s in «outcome»
            - a: Alarm on «outcome» without waking anybody at night for nothing
            - a: Detecting a faulty «unit» from «outcome» and «x»
            - b: Threshold for an isolation forest without labels
            """,
            says="""
            - a: We would like an alarm when «outcome» of «a unit» behaves strangely. A fixed limit
              does not work, because what is normal depends on «x» and on the time of day.
            - b: An isolation forest gives each row a score, and I have to say above which score
              somebody should be called. There are no labels, only the memory of the operators.
            """,
            more="""
            - False alarms are cheap for me and expensive for those who have to get up.
            - There were «three|five|six» known faults in «years» years, too few to train anything.
            """,
            asks="""
            - What would be a simple and robust starting point?
            - How can one evaluate such a detector without labels?
            """,
            python="""
            forest = IsolationForest(contamination=0.0«1..5», random_state=0)
            df["score"] = -forest.fit(df[cols]).score_samples(df[cols])
            df.nlargest(20, "score")
            """,
            code_for="python b",
        ),
        Problem(
            tags="change-point .82, time-series .6",
            titles="""
            - a: When did the level of «outcome» change?
            - a: Change point in «outcome» after «treatment» was introduced
            - b: How many breaks are there in «years» years of «outcome»?
            """,
            says="""
            - a: The mean of «outcome» seems to jump at some date. I would like to estimate the date
              with an interval, and find out whether the jump is real.
            - b: A segmentation algorithm finds «two|five|eleven» breaks, depending on a penalty
              that I do not know how to choose.
            """,
            more="""
            - Neighbouring values are correlated, which probably produces spurious jumps.
            - b: We do know one date on which something was altered, and the algorithm misses it.
            """,
            asks="""
            - b: How should the penalty be chosen?
            - a: Can I get an interval for the date?
            """,
            r="""
            library(changepoint)
            cpts(cpt.mean(d$«y», method = "PELT", penalty = "MBIC"))
            """,
        ),
        Problem(
            tags="outliers .9, robust .5, mean .2, median .25",
            titles="""
            - a: Should I remove «two|three|five» extreme values of «outcome»?
            - b: Is the three sigma rule «sensible|reasonable» for skewed «outcome»?
            - a: One «unit» alone makes the result significant
            - b: Median absolute deviation to flag strange «outcome»
            """,
            says="""
            - a: One «unit» with «outcome» far away from all the others decides whether my result is
              significant. It is not a typing error as far as I can find out.
            - b: Our guideline says to remove everything beyond three standard deviations. With a
              skewed variable this cuts off perfectly good values on one side only.
            """,
            more="""
            - b: The extreme values themselves inflate the standard deviation by which they are
              judged.
            - a: With and without the point, the mean differs by «8..30»%, the median not at all.
            """,
            asks="""
            - Is there a rule that reviewers accept?
            - How should I report it if I leave values out?
            """,
        ),
    ),
    details="""
    - The sensors are checked once a year, otherwise nobody looks at the raw values.
    - I have «rows» rows and no labels.
    """,
    tried="""
    - a z-score on a moving window
    - the interquartile range rule of the box plot
    - Mahalanobis distance
    - simply asking the people who know the «units»
    """,
    aside="""
    - I removed «three|four» outliers beforehand by eye.
    """,
    aside_tags="outliers .5",
)

TOPICS = (TIME_SERIES, SURVIVAL, ANOMALIES)
