"""Theory and computation: probability, distributions, estimation, simulation, optimisation."""

from demo.site.material import Problem, Topic

PROBABILITY = Topic(
    name="probability",
    weight=5.0,
    tags="probability .84, self-study .3",
    problems=(
        Problem(
            tags="expected-value .72, combinatorics .25",
            titles="""
            - Expected number of draws until all «6..30» colours have been seen
            - Expected number of «rolls|throws» until «two|three|four» sixes in a row
            - Expected value of the larger of «two|three|four» «dice|draws»
            - How long until «a sock|a matching pair|a card» comes up, with «8..40» in the drawer?
            - Mean waiting time with «two|three» lines, each about «4..15» minutes
            """,
            says="""
            - Each packet contains one of «6..24» coloured stickers at random. How many packets does
              one have to open, on average, to own all colours?
            - A fair die is rolled again and again until «two|three» sixes appear in a row. My
              answer is «36|42|216|258», simulation says something else.
            - Two buses leave every «8..15» minutes, independently of each other. I arrive at a
              random time and take whichever comes first.
            """,
            more="""
            - I tried $$E[T] = \\sum_{k \\ge 1} P(T \\ge k)$$ and ended up with a sum that I cannot
              simplify.
            - Conditioning on the first step gives an equation in which the unknown cancels.
            """,
            asks="""
            - Where is the mistake in my reasoning?
            - Is there an elegant way to see the answer?
            - A hint would be enough.
            """,
            python="""
            def rolls_until_pair():
                last = count = 0
                while True:
                    count += 1
                    face = random.randint(1, 6)
                    if face == last == 6:
                        return count
                    last = face
            """,
            intro=False,
        ),
        Problem(
            tags="conditional-probability .82, bayes-theorem .3, independence .3",
            titles="""
            - Probability that both «are red|are boys|fail» given that at least one «is|does»
            - «Three|Four|Five» boxes, one prize, and a host who «forgets|coughs»
            - Are pairwise independent events «independent|always jointly independent»?
            - Given a sum of «7..11», what is the chance that one die shows «2..5»?
            """,
            says="""
            - A bag holds «3..7» red and «4..9» blue marbles. I draw two and am told that at least
              one is red. What is the chance that both are?
            - There are «three|four|five» boxes and one prize. The host opens an empty box by
              accident, not on purpose. My friend says that switching still helps.
            - Three events are independent in pairs, and still I cannot multiply all three
              probabilities.
            """,
            more="""
            - Writing down all the equally likely cases gives me $\\tfrac13$; the formula $P(A \\mid
              B) = P(A \\cap B)/P(B)$ gives something else.
            """,
            asks="""
            - Which of the two is right, and why does the way in which I learn it matter?
            - Can you show me where the conditioning enters?
            """,
            intro=False,
        ),
        Problem(
            tags="random-variable .5, density-function .5, distributions .4",
            titles="""
            - Distribution of the ratio of two «uniform|exponential|normal» variables
            - Density of $X^2$ when $X$ is «uniform|triangular|exponential» on $[-1, «2..6»]$
            - Sum of «three|four|twelve» uniform variables
            - Difference of two «exponential|geometric|uniform» waiting times
            - Correlated but with zero covariance: is that possible?
            """,
            says="""
            - $X$ and $Y$ are independent with densities $f$ and $g$. I need the density of $X/Y$
              and get lost in the limits of integration.
            - Let $X$ be uniform on $[-1, «2..6»]$ and $Y = X^2$. My density does not integrate to
              one.
            - I am looking for the distribution of $S = X_1 + \\dots + X_n$ without characteristic
              functions, as we have not had them yet.
            """,
            more="""
            - The transformation is not one to one, which I think is the catch.
            - With the Jacobian I get $$f_S(s) = \\int_0^s f(t)\\,g(s-t)\\,dt.$$
            """,
            asks="""
            - How do I find the right limits?
            - Is my approach correct so far?
            """,
            intro=False,
        ),
        Problem(
            tags="markov-process .82, stochastic-processes .4",
            titles="""
            - Stationary distribution of a chain with «four|five|six» states
            - Is my Markov chain periodic?
            - Expected time to absorption for a walk on «5..12» squares
            - Random walk on the corners of a cube
            - Estimating transition probabilities between «k» states of «units»
            """,
            says="""
            - A frog jumps between «five|six|seven» stones, left or right with equal chance, and
              stays when it would fall off. I am looking for its long-run distribution.
            - I have a transition matrix with «four|five» states, one of which cannot be left. The
              power iteration does what I expect, the linear equations do not.
            """,
            more="""
            - The system $\\pi P = \\pi$ has one equation too few, so I added $\\sum_i \\pi_i = 1$.
            """,
            asks="""
            - Is there a condition that tells me when the limit exists?
            - How does one compute the expected number of steps?
            """,
            python="""
            P = np.array([[.5, .5, 0], [.25, .5, .25], [0, .5, .5]])
            values, vectors = np.linalg.eig(P.T)
            pi = vectors[:, values.argmax()].real
            print(pi / pi.sum())
            """,
            intro=False,
        ),
        Problem(
            tags="central-limit-theorem .75, normal-distribution .4, convergence .3",
            titles="""
            - How large must n be for the central limit theorem with «very skewed|Pareto» data?
            - Law of large numbers and gambler's fallacy
            - Mean of Cauchy variables does not settle down
            - Does «the|a» sample median obey a central limit theorem?
            """,
            says="""
            - I averaged «30|50|100» draws of a very skewed variable, ten thousand times. The
              histogram of averages is still lopsided.
            - The running mean of my simulated values jumps every now and then, however long I wait.
            """,
            more="""
            - I know that $\\sqrt n\\,(\\bar X_n - \\mu) \\to N(0, \\sigma^2)$ needs a finite
              variance.
            """,
            asks="""
            - What decides how fast it converges?
            - Is there a rule better than the famous thirty?
            """,
            r="""
            means <- replicate(1e4, mean(rlnorm(50, sdlog = 2)))
            hist(means, breaks = 100)
            """,
            intro=False,
        ),
    ),
    details="""
    - This is not homework, although it looks like it.
    - It is an exercise from an old exam, and no solution was published.
    - I checked small cases by hand, and they agree.
    - A simulation with a million runs gives 0.«111..893».
    """,
    tried="""
    - drawing a tree
    - counting cases
    - conditioning on the first step
    - generating functions
    - simulation
    """,
)

DISTRIBUTIONS = Topic(
    name="distributions",
    weight=4.0,
    tags="distributions .8",
    problems=(
        Problem(
            tags="goodness-of-fit .6, kolmogorov-smirnov .5, fitting .4",
            titles="""
            - Which distribution fits «outcome»?
            - Kolmogorov-Smirnov test with parameters estimated from «outcome»
            - Log-normal or gamma for «outcome»?
            - Two samples of «outcome» with the same mean but other shapes
            """,
            says="""
            - I would like to describe «outcome» by a named distribution. A program tried eighty of
              them and ranked them by the sum of squared errors against a histogram.
            - I estimated mean and variance from «outcome» and then tested the fit with the very
              same data. The p-value is 0.9«3..8», too good to be true.
            """,
            more="""
            - It is positive, has one peak and a long tail on the right.
            - The two best candidates differ in the tail only, where I have «five|nine» points.
            """,
            asks="""
            - Does it matter which one I take?
            - How should one test this correctly?
            """,
            r="""
            library(fitdistrplus)
            descdist(d$«y»)
            gofstat(list(fitdist(d$«y», "lnorm"), fitdist(d$«y», "gamma")))
            """,
            python="""
            shape, loc, scale = stats.gamma.fit(df["«y»"], floc=0)
            stats.kstest(df["«y»"], "gamma", args=(shape, loc, scale))
            """,
        ),
        Problem(
            tags="poisson-distribution .8, count-data .35",
            titles="""
            - Is «event» per «period» a Poisson variable?
            - Variance of «event» counts exceeds the mean
            - Chance of «three|four|five» cases of «event» in one «period»
            - Sum and difference of two Poisson counts
            """,
            says="""
            - On average there are «1.2..4.8» cases of «event» per «period». Last «period» there
              were «9..14», and everybody is looking for a reason.
            - Cases of «event» are supposed to be independent and rare, so I expected mean and
              variance to be equal. They are «2.1..3.0» and «5.1..9.9».
            """,
            more="""
            - I get $P(N \\ge k) = 1 - \\sum_{i<k} e^{-\\lambda}\\lambda^i/i!$, which is tiny.
            - Weekends are quieter, which may be all there is to it.
            """,
            asks="""
            - Is this within what chance produces?
            - How would one test it, given that we looked because it was high?
            """,
        ),
        Problem(
            tags="normal-distribution .8, variance .3, multivariate-normal .3",
            titles="""
            - Sum of two normal variables is not normal: an example?
            - Truncated normal for «outcome» that cannot be negative
            - Conditional mean of one normal variable given another
            - Why is the normal density «e to the minus x squared|so common»?
            """,
            says="""
            - For a bivariate normal vector I want the distribution of the first part given the
              second. The formula $\\mu_1 + \\Sigma_{12}\\Sigma_{22}^{-1}(x_2 - \\mu_2)$ is in every
              book, an explanation in none.
            - Both variables are Gaussian, and I was told that their sum need not be. I cannot
              imagine how.
            """,
            more="""
            - I tried to complete the square and lost a factor of two.
            """,
            asks="""
            - Is there an intuitive derivation?
            - What would a simple counterexample look like?
            """,
            intro=False,
        ),
        Problem(
            tags="binomial .75, beta-distribution .4, confidence-interval .3, proportion .3",
            titles="""
            - Confidence interval for «3..9» successes out of «11..40»
            - Trials with slightly different probabilities: still binomial?
            - Beta distribution «explained with free throws|in plain words»
            - Wilson or Clopper-Pearson for a small percentage?
            """,
            says="""
            - «3..9» out of «20..44» trials succeeded. The textbook interval reaches below zero,
              which cannot be.
            - Each of my «n» trials has its own probability of success. I know their mean, and
              wonder whether the number of successes has the usual variance.
            """,
            more="""
            - Exact and approximate limits differ by «four|six» percentage points.
            """,
            asks="""
            - Which interval do you recommend for small samples?
            - Is the variance larger or smaller in that case?
            """,
            intro=False,
        ),
        Problem(
            tags="extreme-value .65, quantiles .5, pareto-distribution .35",
            titles="""
            - Fifty-year level of «outcome» from «years» years of data
            - Heavy tails: does the mean of «outcome» exist?
            - Confidence interval for the 99th percentile of «outcome»
            - Block maxima or peaks over a threshold for «outcome»?
            """,
            says="""
            - I need the value of «outcome» that is exceeded once in fifty years, and have «years»
              years of data. The generalised extreme value fit depends on a single bad year.
            - The largest value of «outcome» is «four|five» times the second largest, and the
              average follows it.
            """,
            more="""
            - The shape parameter is 0.«12..38», plus or minus as much.
            """,
            asks="""
            - Is there any honest way to extrapolate that far?
            - How is the threshold chosen?
            """,
            r="""
            library(extRemes)
            fit <- fevd(d$«y», type = "GEV")
            return.level(fit, 50, do.ci = TRUE)
            """,
        ),
    ),
    details="""
    - A histogram is not very helpful, as its shape depends on the bins.
    - There are «rows» values, all of them positive.
    - The exact zeros are real, not rounding.
    """,
    tried="""
    - the method of moments
    - a quantile plot against each candidate
    - a kernel density estimate
    - a mixture of two components
    """,
    aside="""
    - The distribution of «outcome» is skewed to the right, by the way.
    """,
    aside_tags="distributions .35",
)

ESTIMATION = Topic(
    name="estimation and optimisation",
    weight=4.0,
    tags="estimation .3",
    problems=(
        Problem(
            tags="maximum-likelihood .86, likelihood .3, distributions .15",
            titles="""
            - Maximum likelihood for a «uniform|shifted exponential|triangular» distribution
            - Likelihood has two maxima «for a mixture|with one outlier»
            - Is the maximum likelihood estimator of «the variance|a rate» biased?
            - Standard errors from the Hessian are negative
            - Why does one maximise the logarithm of the likelihood?
            """,
            says="""
            - For a sample from a uniform distribution on $[0, \\theta]$, setting the derivative of
              the likelihood to zero leads nowhere.
            - I maximise a log-likelihood with `optim`. It converges, but the Hessian that it
              returns is not positive definite, so some variances come out negative.
            - The estimate is consistent and yet biased for every finite sample, which I find hard
              to imagine.
            """,
            more="""
            - $$\\ell(\\theta) = \\sum_{i=1}^n \\log f(x_i; \\theta)$$ is easy to compute, and flat
              around its top.
            - From other starting values I end up somewhere else.
            """,
            asks="""
            - What is the general recipe when the support depends on the parameter?
            - What can be done about the Hessian?
            """,
            r="""
            nll <- function(p) -sum(dweibull(x, exp(p[1]), exp(p[2]), log = TRUE))
            fit <- optim(c(0, 0), nll, hessian = TRUE)
            sqrt(diag(solve(fit$hessian)))
            """,
            python="""
            def nll(p):
                return -stats.gamma.logpdf(x, np.exp(p[0]), scale=np.exp(p[1])).sum()

            result = minimize(nll, x0=[0.0, 0.0], method="Nelder-Mead")
            """,
            intro=False,
        ),
        Problem(
            tags="optimization .8, gradient-descent .7, convergence .3",
            titles="""
            - Gradient descent zigzags «down a valley|for two correlated inputs»
            - Choosing a step size for gradient descent by hand
            - Newton's method diverges «far from the optimum|at the second step»
            - Minimise a cost under the constraint that the weights sum to one
            - Stochastic or full gradient for «rows» rows?
            """,
            says="""
            - I minimise a squared error with my own gradient descent. With a small step nothing
              happens, with one that is slightly larger it blows up.
            - Newton's method needs four steps when I start close to the minimum, and runs away
              otherwise.
            - I have to minimise a smooth cost over weights that are positive and sum to one.
            """,
            more="""
            - The condition number of the matrix is about $10^{«4..8»}$.
            - The function is convex, so there should be no surprises.
            """,
            asks="""
            - Is there a rule for the step that does not need trial and error?
            - Which method would a numerical analyst take?
            """,
            python="""
            for step in range(10_000):
                grad = X.T @ (X @ w - y) / len(y)
                w -= rate * grad
                if np.linalg.norm(grad) < 1e-8:
                    break
            """,
            intro=False,
        ),
        Problem(
            tags="unbiased-estimator .6, variance .55, standard-deviation .4, mean .25",
            titles="""
            - Why divide by n - 1 «in the variance|and not by n»?
            - Standard deviation or standard error of «outcome» in a «table|bar chart»?
            - Variance of a product of two independent variables
            - Average of «k» standard deviations
            - Weighted mean of «outcome» and its standard error
            """,
            says="""
            - I understand that one degree of freedom is lost to the mean. But why is the correction
              exactly one, and not some other number?
            - I have mean and standard deviation of «outcome» for each «group», but not the single
              values. Now I need both for all «groups» together.
            """,
            more="""
            - With $n$ in the denominator the mean squared error is smaller, they say.
            """,
            asks="""
            - Can somebody show it without a page of algebra?
            - What is the right formula for the combination?
            """,
            intro=False,
        ),
        Problem(
            tags="entropy .6, kullback-leibler .6, information-theory .5, mutual-information .3",
            titles="""
            - Why is the Kullback-Leibler divergence not symmetric?
            - Entropy of «outcome» depends on the bin width
            - Mutual information of «x» and «outcome» from «n» points
            - Negative differential entropy: what does it mean?
            """,
            says="""
            - I compare two histograms of «outcome» by $\\sum_i p_i \\log(p_i/q_i)$. Exchanging the
              two gives another value, and a single empty bin makes it infinite.
            - The entropy of a density can be negative, unlike that of a discrete variable.
            """,
            more="""
            - I added a small constant to each bin, and the result depends on the constant.
            """,
            asks="""
            - Which direction is the one I want?
            - Is there a measure without these problems?
            """,
            intro=False,
        ),
    ),
    details="""
    - I have a background in engineering, not in statistics.
    - A short derivation would help me more than a reference.
    - The same thing with made-up numbers works as expected.
    """,
    tried="""
    - another starting point
    - a grid search
    - logarithms of the parameters
    - deriving it with pencil and paper, twice
    """,
    aside="""
    - The estimates are maximum likelihood estimates, if that matters.
    """,
    aside_tags="maximum-likelihood .45",
)

SIMULATION = Topic(
    name="simulation and resampling",
    weight=3.4,
    tags="",
    problems=(
        Problem(
            tags="bootstrap .9, confidence-interval .55, resampling .35, r .2",
            titles="""
            - Percentile or BCa interval for the median «outcome»?
            - Bootstrap with «n» «units»: too few?
            - How to resample «units» when each has several rows
            - Bootstrap interval does not contain the estimate
            - Bootstrap of a maximum gives the same value again and again
            """,
            says="""
            - I resample the «n» «units» with replacement and compute the median «outcome» each
              time. The percentile interval and the bias corrected one are quite different.
            - Every «unit» has several rows. If I draw rows, the interval is much narrower than if I
              draw whole «units».
            - The distribution of resampled values has only a handful of different values, with
              large gaps.
            """,
            more="""
            - With 1,000 or 10,000 resamples there is no difference.
            - The statistic is a ratio, and its denominator can come near zero.
            """,
            asks="""
            - Which of the intervals should I trust?
            - When does resampling fail altogether?
            """,
            r="""
            library(boot)
            b <- boot(d$«y», function(x, i) median(x[i]), R = 5000)
            boot.ci(b, type = c("perc", "bca"))
            """,
            python="""
            rng = np.random.default_rng(«1..99»)
            medians = [np.median(rng.choice(y, size=len(y))) for _ in range(5000)]
            np.percentile(medians, [2.5, 97.5])
            """,
        ),
        Problem(
            tags="simulation .75, random-generation .6, copula .25",
            titles="""
            - Simulating correlated «counts|yes/no variables» for «n» «units»
            - How to draw from a density that I can only evaluate
            - Random numbers with given mean, skewness and kurtosis
            - Simulate «units» that resemble my data
            - Uniform points in a «triangle|disc|sphere»
            """,
            says="""
            - I need artificial data in which «x» and «outcome» have a given rank correlation and
              their own marginal distributions.
            - The density is known up to a constant, and I can evaluate it, but there is no
              ready-made generator. Rejection accepts one draw in «two|nine» thousand.
            """,
            more="""
            - A copula was suggested, and I am not sure that I understand the difference to simply
              transforming normal variables.
            """,
            asks="""
            - What is the simplest correct way?
            - How can I check that the generator does what it should?
            """,
            r="""
            z <- MASS::mvrnorm(«500|1000», c(0, 0), matrix(c(1, .7, .7, 1), 2))
            u <- pnorm(z)
            x <- qgamma(u[, 1], 2); y <- qpois(u[, 2], 3)
            """,
        ),
        Problem(
            tags="monte-carlo .84, simulation .4, integral .25",
            titles="""
            - Error of a Monte Carlo integral falls too slowly
            - Importance sampling has a few giant weights
            - How many simulation runs do I need for «two|three» digits?
            - Antithetic variables make my variance larger
            """,
            says="""
            - I estimate an integral in «six|ten|twelve» dimensions by averaging over random points.
              To get one more digit I need a hundred times as many.
            - With a proposal that seemed natural, three of ten thousand points carry nearly all of
              the weight.
            """,
            more="""
            - The standard error is $\\sigma/\\sqrt{N}$, and $\\sigma$ is what hurts.
            - A quasi-random sequence is better, but then I have no standard error.
            """,
            asks="""
            - How can the variance be reduced?
            - How would one notice that the estimate is off?
            """,
            python="""
            u = rng.random((N, «6..12»))
            values = np.exp(-np.sum(u**2, axis=1))
            print(values.mean(), values.std() / np.sqrt(N))
            """,
            intro=False,
        ),
        Problem(
            tags="permutation-test .8, nonparametric .35, hypothesis-testing .5",
            titles="""
            - Permutation test for «treatment» with blocks by «group»
            - Smallest possible p-value with «4..7» «units» in each arm
            - What may be shuffled in a regression with two predictors?
            """,
            says="""
            - I shuffle the labels of «treatment» and compare the difference in mean «outcome» with
              the real one. As the «units» come in «groups», I doubt that all shuffles are allowed.
            - There are only «4..7» «units» in each arm, so the number of different shuffles is
              small.
            """,
            more="""
            - Ten thousand shuffles give p = 0.0«11..58».
            """,
            asks="""
            - What exactly is exchangeable here?
            - Should the observed arrangement be counted in?
            """,
            r="""
            perm <- replicate(9999, diff(tapply(d$«y», sample(d$treated), mean)))
            mean(abs(c(perm, obs)) >= abs(obs))
            """,
        ),
    ),
    details="""
    - Speed is not an issue, I can let it run over night.
    - The seed is fixed, so the numbers can be reproduced.
    """,
    tried="""
    - more replications
    - another random number generator
    - the same thing with simulated data of known parameters
    - the jackknife
    """,
    aside="""
    - A simple bootstrap gives an interval of similar width.
    """,
    aside_tags="bootstrap .5",
)

TOPICS = (PROBABILITY, DISTRIBUTIONS, ESTIMATION, SIMULATION)
