"""Machine learning: classifiers, trees, networks, validation, text."""

from demo.site.material import Problem, Topic

CLASSIFICATION = Topic(
    name="classification",
    weight=6.0,
    tags="classification .72, machine-learning .5",
    problems=(
        Problem(
            tags="unbalanced-classes .82, precision-recall .3, accuracy .25",
            titles="""
            - a: «94..99»% accuracy by always predicting no «event»
            - ab: Oversample or weight when only «1..6»% of «units» have «event»?
            - c: SMOTE before or after splitting the data?
            - b: Predicted probabilities are far too high after undersampling
            """,
            says="""
            - a: Only «1..6»% of the «units» have «event». Every classifier that I train says no to
              all of them, and its accuracy is excellent.
            - b: I balanced the classes by throwing away most of the negatives. Now recall is fine,
              and the predicted probabilities are absurd.
            - c: With synthetic minority examples the validation score jumped to 0.9«4..8». I had
              made them before splitting, though.
            """,
            more="""
            - a: Missing «a unit» is about «ten|twenty|fifty» times as expensive as a false alarm.
            - Moving the threshold gives much the same curve as reweighting.
            """,
            asks="""
            - ab: Is balancing needed at all?
            - a: Which score should I optimise in such a case?
            - b: How can I get the probabilities back to the right level?
            - c: Was that the mistake, and why does it matter so much?
            """,
            python="""
            clf = LogisticRegression(class_weight="balanced", max_iter=1000)
            clf.fit(X_train, y_train)
            print(confusion_matrix(y_test, clf.predict(X_test)))
            """,
            output="""
            [[«4100..4900»   «20..90»]
             [  «61..88»   «12..30»]]
            """,
            code_for="python ab",
        ),
        Problem(
            tags="roc .72, auc .68, precision-recall .45, model-evaluation .35",
            titles="""
            - a: AUC of 0.9«auc=1..7» but precision of only «5..19»% for «event»
            - c: How to choose the threshold on a ROC curve
            - b: Comparing the AUC of two classifiers on the same «units»
            - a: F1, AUC or log loss for ranking «units» by risk?
            """,
            says="""
            - a: The area under the curve is 0.9«auc=1..7», yet of the «units» that we flag only a
              few really have «event».
            - b: Two models have areas of 0.«81..84» and 0.«85..87» on the same test set. Somebody
              asked whether the difference is real.
            - c: I have to pick a cut-off for the score. The point nearest to the top left corner
              was suggested, but without any reason.
            """,
            more="""
            - True positive rate is 0.«71..88» at a false positive rate of 0.«08..15».
            - c: The curve has a corner in it, as if there were only a few distinct scores.
            """,
            asks="""
            - a: Which summary would tell our users what they can expect?
            - c: How should costs enter the choice?
            - b: Is there a test for it, or should I use the bootstrap?
            """,
            r="""
            library(pROC)
            r1 <- roc(test$«event_name», p1)
            r2 <- roc(test$«event_name», p2)
            roc.test(r1, r2)
            """,
            python="""
            fpr, tpr, thresholds = roc_curve(y_test, scores)
            print(roc_auc_score(y_test, scores), average_precision_score(y_test, scores))
            """,
            code_for="r b, python ac",
        ),
        Problem(
            tags="svm .86, kernel-trick .4, libsvm .2",
            titles="""
            - a: Nearly all my training points are support vectors
            - b: Intuition behind the kernel trick for «four|two» classes
            - a: SVM with RBF kernel predicts one class only
            - a: Choosing C and gamma for «units» with «20..90» features
            """,
            says="""
            - a: I train a support vector machine with a radial kernel. «85..97»% of the training
              points become support vectors, and on new data it always predicts the same class.
            - b: I see that the dual needs only inner products $\\langle x_i, x_j\\rangle$, but not
              why any function $k(x_i, x_j)$ may be put in its place.
            """,
            more="""
            - a: The features were not scaled at first; scaling changed a lot.
            - a: The grid for C and gamma goes from 0.001 to 1000 in powers of ten.
            """,
            asks="""
            - a: What does that tell me about the parameters?
            - b: Could somebody explain it without functional analysis?
            """,
            python="""
            svc = make_pipeline(StandardScaler(), SVC(C=10, gamma="scale"))
            svc.fit(X, y)
            print(svc[-1].n_support_.sum() / len(X))
            """,
            intro=False,
            code_for="python a",
        ),
        Problem(
            tags="calibration .7, probability .25, scoring-rules .4",
            titles="""
            - a: Are the scores of my classifier probabilities of «event»?
            - b: Calibrating predicted risks of «event» with few positives
            - a: Brier score or log loss for risks of «event»
            """,
            says="""
            - a: Among «units» to which the classifier gives 80%, only about half have «event». The
              ranking is good, the numbers are not.
            - b: Platt scaling and isotonic regression give different results, and with «60..120»
              positives I do not know which one to believe.
            """,
            more="""
            - The reliability diagram is S-shaped.
            """,
            asks="""
            - b: Which method is preferable with so few positives?
            - b: On which part of the data should one calibrate?
            - a: May I call them probabilities?
            """,
            python="""
            calibrated = CalibratedClassifierCV(clf, method="isotonic", cv=5).fit(X, y)
            frac, mean_pred = calibration_curve(y_test, calibrated.predict_proba(X_test)[:, 1])
            """,
        ),
        Problem(
            tags="a:naive-bayes .8, b:k-nearest-neighbour .8",
            titles="""
            - a: Why does naive Bayes work although «x» and «z» are correlated?
            - b: Nearest neighbours get worse when I add features of «units»
            - b: Which k for nearest neighbours with «n» «units»?
            """,
            says="""
            - a: Treating «x» and «z» as independent within each class is plainly wrong, and still
              this classifier is as good as anything else that I have tried.
            - b: With «four|five» features a nearest neighbour rule works well. With «40..90» it is
              no better than guessing.
            """,
            more="""
            - a: Some combinations never occur in training, so I add one to each count.
            """,
            asks="""
            - a: Is there a simple explanation?
            - What would you try next?
            """,
        ),
    ),
    details="""
    - I have «rows» labelled examples and «12..60» features.
    - The labels come from people and are wrong now and then.
    - Training and test «units» are from different «groups», on purpose.
    - We use it to decide which «units» to look at first.
    """,
    tried="""
    - another classifier, with nearly the same result
    - moving the threshold
    - more features
    - fewer features
    - cleaning «two hundred|some hundred» labels by hand
    """,
    aside="""
    - A simple classifier for «event» does not do badly on the same features.
    """,
    aside_tags="classification .5, machine-learning .3",
)

TREES = Topic(
    name="trees and ensembles",
    weight=4.5,
    tags="machine-learning .45",
    problems=(
        Problem(
            tags="random-forest .88, importance .5, feature-selection .25, regression .12",
            titles="""
            - a: Random forest says that the row number is important
            - a: Why do permutation and impurity importance disagree about «x»?
            - b: Random forest predicts «outcome» badly outside the range of «x»
            - c: Out-of-bag error is much lower than the test error
            """,
            says="""
            - a: According to the impurity measure, the most important feature for «outcome» is an
              identifier that should carry no information. Permutation importance puts it last.
            - b: The forest predicts «outcome» very well, but for high values of «x» the predictions
              stay flat, as if there were a ceiling.
            - c: Out of bag I get an error of 0.«11..19», on fresh «units» 0.«28..40». Each «unit»
              has several rows.
            """,
            more="""
            - The forest has 500 trees with default depth.
            - a: «X» and «z» share their information, so each of them can stand in for the other.
            """,
            asks="""
            - a: Which of the measures should I report?
            - bc: Is this a property of the method or a mistake of mine?
            """,
            r="""
            library(ranger)
            rf <- ranger(«y» ~ ., data = d, importance = "permutation")
            sort(importance(rf), decreasing = TRUE)
            """,
            python="""
            rf = RandomForestRegressor(500, oob_score=True, random_state=0).fit(X, y)
            result = permutation_importance(rf, X_test, y_test, n_repeats=20)
            """,
            code_for="r a, python a",
        ),
        Problem(
            tags="boosting .8, xgboost .62, hyperparameter .3",
            titles="""
            - a: Gradient boosting: few deep trees or many stumps for «outcome»?
            - a: Early stopping of xgboost «stops after 9 rounds|never stops»
            - b: Boosted trees beat the linear model of «outcome» in training only
            - a: Learning rate and number of trees in gradient boosting
            - c: Monotone effect of «x» in boosted trees
            """,
            says="""
            - a: I train gradient boosted trees on «outcome». With a learning rate of 0.3 the
              validation loss is lowest after «8..20» rounds, with 0.01 it still falls after five
              thousand.
            - b: On the training data xgboost has almost no error, on held-out «units» it is no
              better than a straight line.
            - c: We know that more «x» never lowers «outcome», but the fitted function goes up and
              down.
            """,
            more="""
            - Depth is 6, and rows and columns are subsampled at 0.8.
            - The importance plot names «x» and «z» first, as expected.
            """,
            asks="""
            - a: In what order would you tune these?
            - b: What could the reason be, and how would I find out?
            - c: Can that be forced, and does it cost accuracy?
            """,
            r="""
            xgb.cv(list(eta = 0.05, max_depth = 4), dtrain, nrounds = 2000, nfold = 5,
                   early_stopping_rounds = 50)
            """,
            python="""
            model = XGBRegressor(n_estimators=5000, learning_rate=0.0«1..5»,
                                 early_stopping_rounds=50)
            model.fit(X_train, y_train, eval_set=[(X_valid, y_valid)])
            """,
            code_for="r ab, python ab",
        ),
        Problem(
            tags="cart .82, rpart .35, classification .3, pruning .35",
            titles="""
            - c: How far should I prune a tree for «event»?
            - c: Decision tree splits on «x» three times in a row
            - b: rpart returns only a root node
            - a: A small change in the data gives an entirely different tree
            """,
            says="""
            - a: I grew a single tree because we need rules that one can print on a card. Leaving
              out «two|three» «units» changes the first split.
            - b: The tree consists of its root only, although «x» obviously has to do with «event».
            - c: With default settings the tree has «25..60» leaves, and many of them hold fewer
              than ten «units».
            """,
            more="""
            - c: The complexity table has its minimum at «four|six|nine» splits.
            - Surrogate splits are used where «z» is missing.
            """,
            asks="""
            - ac: How do you arrive at a tree that is small and stable?
            - b: Which parameter is responsible?
            """,
            r="""
            library(rpart)
            tree <- rpart(«event_name» ~ ., data = d, cp = 0.00«1..9»)
            printcp(tree)
            """,
            python="""
            tree = DecisionTreeClassifier(min_samples_leaf=20, ccp_alpha=0.0«1..4»)
            print(export_text(tree.fit(X, y), feature_names=list(X)))
            """,
        ),
        Problem(
            tags="ensemble .7, stacking .5, bagging .4",
            titles="""
            - a: Averaging «models=three|four|five» models is better than the best of them: why?
            - b: Stacking leaks: how to train the second level
            - c: Bagging a linear model does nothing
            """,
            says="""
            - a: I average the predictions of «models=three|four|five» quite different models and
              get a lower error than with any of them alone.
            - b: The second-level model gets nearly perfect inputs in training, since the
              first-level models have seen those rows.
            - c: I averaged a hundred linear regressions, each of them fitted to a resample of the
              data. The result is practically the regression on all of the data.
            """,
            more="""
            - ab: The weights found by least squares are partly negative.
            """,
            asks="""
            - ac: Is there a theory behind this?
            - b: How should the folds be arranged?
            """,
            intro=False,
        ),
    ),
    details="""
    - There are «rows» rows and «15..70» features, numbers and categories.
    - Missing values are left as they are, since the library can deal with them.
    - Only the ranking of the «units» matters in the end.
    """,
    tried="""
    - a smaller learning rate
    - limiting the depth
    - more trees
    - target encoding of «group»
    - taking out the strongest feature
    """,
    aside="""
    - A random forest on the same features is slightly better, but nobody can explain it.
    """,
    aside_tags="random-forest .5",
)

NETWORKS = Topic(
    name="neural networks",
    weight=5.5,
    tags="neural-networks .8, machine-learning .3, deep-learning .32",
    problems=(
        Problem(
            tags="keras .45, overfitting .5, dropout .3",
            titles="""
            - a: Validation loss rises while accuracy still improves
            - b: Network memorises «n» «units» and learns nothing
            - c: Dropout makes my small network worse
            - c: Training loss is higher than validation loss
            - a: When should I stop training «on few examples|a small network»?
            """,
            says="""
            - a: After «five|eight|twelve» epochs the validation loss goes up, while the accuracy on
              the same data still creeps upwards.
            - b: My network with two hidden layers reaches 100% on the training data and is at
              chance level elsewhere.
            - c: The training loss stays above the validation loss for the whole run, which I did
              not think was possible. There are two dropout layers.
            """,
            more="""
            - The architecture has about «20..90» thousand weights for «rows» examples.
            - Weight decay delays the effect, but does not change where it ends.
            """,
            asks="""
            - a: Which of the two curves should decide when to stop?
            - bc: Is something wrong, or is that to be expected?
            """,
            python="""
            model = Sequential([
                Dense(64, activation="relu", input_shape=(«12..40»,)),
                Dropout(0.3),
                Dense(1, activation="sigmoid"),
            ])
            model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
            model.fit(X, y, validation_split=0.2, epochs=50)
            """,
        ),
        Problem(
            tags="conv-neural-network .84, image-classification .45, keras .25",
            titles="""
            - b: How to compute the output size of a convolution with stride «stride=2|3»
            - a: CNN for photographs of «units»: all predicted as the same class
            - c: Why 3x3 filters and not larger ones?
            - a: Data augmentation for «photos=300..900» photographs of «units»
            """,
            says="""
            - a: I want to recognise «event» in photographs of «units», of which I have
              «photos=300..900». A small convolutional network predicts the larger class for every
              picture.
            - b: A layer with a kernel of 5, stride «stride=2|3» and no padding turns 64 pixels into
              a number that I cannot reproduce. I use $\\lfloor (n + 2p - k)/s \\rfloor + 1$.
            - c: Nearly every network that I read about uses filters of three by three pixels.
              Larger ones would see more at once.
            """,
            more="""
            - a: Batch size is 32; pixels are scaled to between 0 and 1.
            - a: With a network trained on other images and only the last layer replaced, it works.
            """,
            asks="""
            - a: How many images would one need to train from scratch?
            - b: Where is my mistake?
            - c: Is that more than a fashion?
            """,
            python="""
            model.add(Conv2D(32, 3, activation="relu", input_shape=(64, 64, 3)))
            model.add(MaxPooling2D())
            model.add(Flatten())
            model.add(Dense(«2..6», activation="softmax"))
            """,
            code_for="python a",
        ),
        Problem(
            tags="lstm .75, rnn .55, time-series .5, keras .25",
            titles="""
            - a: LSTM predicts yesterday's «outcome»
            - b: Shape of the input for an LSTM on «outcome» of «n» «units»
            - b: Recurrent network for sequences of different lengths
            - Stateful or stateless LSTM for «outcome»?
            """,
            says="""
            - a: My recurrent network is to predict the next value of «outcome» from the last
              «14..60». Its prediction looks great on the plot, until one notices that it is the
              previous value, shifted by one.
            - b: I have sequences of «20..200» steps from different «units». Padding them with zeros
              works, but the network seems to learn the padding.
            """,
            more="""
            - a: A naive forecast has nearly the same error, which is disappointing after a night of
              training.
            - The hidden state has 50 units, more do not help.
            """,
            asks="""
            - a: How can I force it to learn more than persistence?
            - b: Is masking the usual answer?
            """,
            python="""
            model.add(Masking(0.0, input_shape=(None, 3)))
            model.add(LSTM(50))
            model.add(Dense(1))
            model.compile("adam", "mse")
            """,
            code_for="python b",
        ),
        Problem(
            tags="backpropagation .7, gradient-descent .5, activation-function .35",
            titles="""
            - a: Derivative of softmax with cross-entropy by hand
            - b: All weights become NaN after «some|a few hundred» steps
            - e: Dead ReLU units: «60..90»% of activations are zero
            - c: Vanishing gradient in a network with «8..20» layers
            - d: XOR network converges only sometimes
            """,
            says="""
            - a: I write backpropagation by hand to understand it. For the last layer with softmax I
              get $\\partial L / \\partial z_i = p_i - y_i$, but my numerical check says otherwise.
            - b: After «two hundred|a thousand» steps all weights are NaN. The loss looked fine
              until then.
            - c: In a deep network with sigmoid activations the gradient of the first layers is
              about $10^{-9}$, and nothing moves.
            - d: My network with two hidden units learns XOR in about two of three runs. In the
              others it stops at an error of one quarter.
            - e: After training, most units of the second layer give zero for every input, and they
              never recover.
            """,
            more="""
            - bd: The learning rate is 0.«01..5», weights start from a standard normal.
            - d: Another initialisation makes it work every time, and I would like to know why.
            """,
            asks="""
            - a: What did I do wrong in the chain rule?
            - bcde: How does one debug such a thing?
            """,
            python="""
            def softmax(z):
                e = np.exp(z - z.max(axis=1, keepdims=True))
                return e / e.sum(axis=1, keepdims=True)

            grad = (softmax(z) - onehot) / len(z)
            """,
            intro=False,
            code_for="python a",
        ),
        Problem(
            tags="a:loss-functions .75, b:autoencoders .85, optimization .25",
            titles="""
            - b: Autoencoder reconstructs the mean of «outcome»
            - a: Custom loss: underestimating «outcome» is worse than overestimating
            - a: Predict a distribution of «outcome» instead of one number
            """,
            says="""
            - a: Too low a prediction of «outcome» costs us about «three|four|ten» times as much as
              one that is too high, so squared error is not what I want to minimise.
            - b: The autoencoder that I trained on «x», «z» and «outcome» returns the average for
              every input.
            """,
            more="""
            - a: A quantile loss came to my mind; is it the same thing?
            - b: With a bottleneck of 2 or 16 the result is the same.
            """,
            asks="""
            - a: How would one write that as a loss?
            - b: Is it the learning rate, the architecture or the data?
            """,
            python="""
            def pinball(y_true, y_pred, q=0.8):
                diff = y_true - y_pred
                return K.mean(K.maximum(q * diff, (q - 1) * diff))
            """,
            code_for="python a",
        ),
    ),
    details="""
    - The loss is $$L = -\\frac1n \\sum_i \\log p_{y_i}$$ or its equivalent, averaged over the
      batch.
    - Inputs are scaled to zero mean and unit variance.
    - I use a batch size of «32|64|128» and the default learning rate.
    - There are «rows» training examples.
    - A GPU is available, time is not the problem.
    """,
    tried="""
    - fewer layers
    - batch normalisation
    - a smaller learning rate
    - early stopping with patience 5
    - another initialisation
    - shuffling, which I had forgotten at first
    """,
    aside="""
    - I also trained a small neural network on the same data, without much tuning.
    """,
    aside_tags="neural-networks .5",
)

VALIDATION = Topic(
    name="validation and tuning",
    weight=5.0,
    tags="cross-validation .76, machine-learning .3",
    problems=(
        Problem(
            tags="model-selection .4, hyperparameter .42, scikit-learn .2",
            titles="""
            - a: Do I need nested cross-validation to compare «three|four|five» models?
            - a: Best score of a grid search is too good on new «units»
            - b: Which of the «five|ten» fitted models do I use in the end?
            - a: Random search with «40..90» trials overfits the validation set
            """,
            says="""
            - a: I tune parameters with a grid of «60..400» combinations and report the best mean
              score of the folds. On new «units» it is clearly worse.
            - b: After ten folds I have ten fitted models and one average. It is not clear to me
              which model goes into production.
            """,
            more="""
            - a: The standard deviation between folds is about as large as the differences that I
              want to see.
            - a: The double loop takes «three|nine» hours.
            """,
            asks="""
            - a: Is the second loop needed, or is it pedantry?
            - a: What should I report as expected performance?
            - b: Do I fit it once more to everything?
            """,
            python="""
            search = GridSearchCV(pipe, grid, cv=KFold(5, shuffle=True, random_state=0))
            scores = cross_val_score(search, X, y, cv=10)   # nested
            print(scores.mean(), scores.std())
            """,
            r="""
            library(caret)
            ctrl <- trainControl(method = "repeatedcv", number = 10, repeats = 5)
            train(«y» ~ ., data = d, method = "glmnet", trControl = ctrl, tuneLength = 10)
            """,
        ),
        Problem(
            tags="data-leakage .65, feature-selection .35, preprocessing .35",
            titles="""
            - d: Scaling before splitting: does it matter «in practice|with rows enough»?
            - c: Too good to be true: AUC 0.99 for «event»
            - b: Selecting features inside or outside of the folds
            - a: The same «unit» in training and test set
            """,
            says="""
            - a: My validation scores are excellent, and in use the model is hardly better than
              guessing. Rows of the same «unit» were spread over the folds.
            - b: I chose the «twenty|thirty» features with the highest correlation with «event»
              first, and ran the folds on those afterwards.
            - c: One of the columns turns out to be filled in after «event» only.
            - d: I scaled all variables before I split the data. A colleague says that the test set
              has leaked into training by that. The difference in score is in the third digit.
            """,
            more="""
            - a: With folds by «unit» the score drops from 0.9«2..7» to 0.«58..69».
            """,
            asks="""
            - Which steps must be inside the loop?
            - abc: How would I find such mistakes earlier?
            """,
            python="""
            cv = GroupKFold(5)
            cross_val_score(make_pipeline(SelectKBest(k=20), clf), X, y,
                            groups=df["«unit_name»"], cv=cv)
            """,
            code_for="python ab",
        ),
        Problem(
            tags="overfitting .75, bias-variance-tradeoff .45, model-selection .2",
            titles="""
            - a: Is it overfitting if the test error is «four|three|two» times the training error?
            - b: How can I see from learning curves whether more data would help?
            - b: Bias and variance of a model for «outcome» from resampled fits
            - a: More parameters than «units» and still a good fit?
            """,
            says="""
            - a: Training error is near zero, test error is «0.18..0.35». People call this
              overfitting, but every simpler model has a larger test error.
            - b: I plotted the error against the number of «units». Both curves are flat and far
              apart.
            """,
            more="""
            - ab: $E[(y - \\hat f)^2] = \\text{bias}^2 + \\text{variance} + \\sigma^2$ is clear to
              me as a formula, not as something to measure.
            """,
            asks="""
            - a: Is the gap itself a problem?
            - b: What does this say about where to spend effort?
            """,
        ),
        Problem(
            tags="train-test-split .55, sample-size .25, leave-one-out .4",
            titles="""
            - b: Leave-one-out or ten folds with «n» «units»?
            - a: Is 70/30 a law of nature?
            - a: Repeated hold-out gives scores between 0.«41..55» and 0.«80..92»
            - a: Stratified folds with «7..15» positive «units»
            """,
            says="""
            - a: With only «n» «units», the score depends on the random split more than on the
              model.
            - b: Leaving one out gives an error of 0.«21..24», ten folds give 0.«26..31».
            """,
            more="""
            - a: In some folds there is not a single positive «unit».
            """,
            asks="""
            - Which scheme has the smaller variance?
            - a: How should I state the uncertainty of the score?
            """,
        ),
    ),
    details="""
    - The data have «rows» rows, from «n» «units».
    - The final model has to run without me, so I want an honest estimate.
    - All preprocessing is part of the pipeline. I hope.
    """,
    tried="""
    - another seed
    - repeating everything ten times
    - keeping a tenth aside until the very end
    - a bootstrap estimate of the error
    """,
    aside="""
    - Its error in ten-fold cross-validation is 0.«12..38».
    """,
    aside_tags="cross-validation .4",
)

TEXT = Topic(
    name="text mining",
    weight=3.0,
    tags="text-mining .62, natural-language .5",
    problems=(
        Problem(
            tags="topic-models .85, latent-dirichlet-alloc .4",
            titles="""
            - a: How many topics for «rows» «documents»?
            - b: Topics of «documents» all contain the same words
            - b: LDA on very short «documents»
            - a: Topics change when «documents» are shuffled
            """,
            says="""
            - a: I ran LDA on «rows» «documents» from «place». With 10 topics they are mush, with 50
              there are five topics that mean the same.
            - b: Our «documents» are seldom longer than «two|three» lines. The topics that come out
              consist of frequent words and make no sense.
            """,
            more="""
            - a: Perplexity keeps falling with the number of topics, coherence has its maximum at
              «eight|twelve».
            - Stop words are removed, but place names are not.
            """,
            asks="""
            - a: How do people choose the number of topics?
            - b: Should short texts be pooled?
            """,
            python="""
            dictionary = corpora.Dictionary(tokens)
            corpus = [dictionary.doc2bow(t) for t in tokens]
            lda = LdaModel(corpus, num_topics=«10|20|50», id2word=dictionary, passes=10)
            """,
            intro=False,
        ),
        Problem(
            tags="classification .5, tf-idf .55, naive-bayes .25",
            titles="""
            - a: Classifying «documents» by subject with few labels
            - Words or character n-grams for misspelt «documents»?
            - a: One document may have several labels: which loss, which threshold?
            - b: tf-idf weights for «documents» that arrive later
            """,
            says="""
            - a: We want to sort «documents» from «place» into «8..25» subjects. About «six
              hundred|two thousand» were labelled by hand; some belong to more than one subject.
            - b: New «documents» contain words that were not in the training vocabulary. I simply
              drop them, which feels wasteful.
            """,
            more="""
            - A bag of words with a linear classifier gets 0.«71..83», a network gets the same.
            - The people who label do not always agree: kappa is 0.«55..75».
            """,
            asks="""
            - a: What is a strong and simple baseline?
            - a: Where should the threshold be for rare subjects?
            - b: Is there a better way to treat unknown words?
            """,
            python="""
            model = make_pipeline(TfidfVectorizer(min_df=2, sublinear_tf=True),
                                  OneVsRestClassifier(LogisticRegression()))
            model.fit(texts, MultiLabelBinarizer().fit_transform(labels))
            """,
            intro=False,
        ),
        Problem(
            tags="word-embeddings .84, word2vec .6, neural-networks .25",
            titles="""
            - a: Average word vectors of «documents»: better with weights?
            - b: word2vec on «rows» «documents»: too few?
            - a: Nearest neighbours of 'not' in my embedding
            - b: Skip-gram or CBOW for «documents»?
            """,
            says="""
            - a: I trained vectors on our «documents» and average them for each text. Texts that say
              the opposite of each other end up very near.
            - b: With «rows» short «documents» the vectors are poor: the neighbours of a word are
              whatever was printed on the same form.
            """,
            more="""
            - b: Vectors from a large general corpus do not know our jargon.
            """,
            asks="""
            - b: Is there a good way to combine general and own vectors?
            - b: How many sentences are needed to learn something useful?
            - a: Is there a simple way to keep the negation?
            """,
            python="""
            w2v = Word2Vec(sentences, vector_size=100, window=5, min_count=5, sg=1)
            w2v.wv.most_similar("«unit_name»")
            """,
            intro=False,
        ),
        Problem(
            tags="a:sentiment-analysis .85, b:agreement-statistics .65, classification .3",
            titles="""
            - a: Sentiment of «documents»: irony and negation
            - a: A word list rates «documents» as negative that are not
            - b: Human raters disagree about the tone of «documents»
            """,
            says="""
            - a: A word list scores our «documents» as mostly negative, since in our field words
              such as *loss*, *stop* and *error* are neutral.
            - b: Two people rated the tone of «200..600» «documents» and agree on «61..74»% of them.
            """,
            more="""
            - a: Not bad counts as bad, of course.
            """,
            asks="""
            - a: How does one adapt such a list to a special field?
            - b: What accuracy can one expect at all if people disagree?
            """,
            intro=False,
        ),
    ),
    details="""
    - The «documents» are in English, with typing errors.
    - Names have been replaced by a placeholder.
    - A text has «18..60» words on average, the longest about a thousand.
    - The source is «place», so there is much jargon.
    """,
    tried="""
    - stemming
    - bigrams
    - a longer list of stop words
    - removing words that occur fewer than five times
    - spelling correction
    """,
    aside="""
    - We also have the text of the «documents», which I have not used yet.
    """,
    aside_tags="text-mining .3",
)

TOPICS = (CLASSIFICATION, TREES, NETWORKS, VALIDATION, TEXT)
